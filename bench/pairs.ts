/** Seconds that work took. */
export async function timed(work: () => Promise<unknown>): Promise<number> {
  const begun = process.hrtime.bigint();
  await work();
  return Number(process.hrtime.bigint() - begun) / 1e9;
}

/**
 * Both in turn, so many times, in each pair the other one first: says the ratio of each pair and their
 * median, which may be `most`. Sets the exit code. Both give seconds.
 */
export async function comparePairs(
  { pairs, most }: { pairs: number; most: number },
  byHand: () => Promise<number>,
  byMuster: () => Promise<number>,
): Promise<void> {
  const ratios: number[] = [];
  for (let pair = 1; pair <= pairs; pair += 1) {
    const isHandFirst = pair % 2 === 1;
    const first = await (isHandFirst ? byHand() : byMuster());
    const second = await (isHandFirst ? byMuster() : byHand());
    const [hand, muster] = isHandFirst ? [first, second] : [second, first];
    ratios.push(muster / hand);
    console.log(
      `pair ${pair}: by Muster ${muster.toFixed(1)} s, by hand ${hand.toFixed(1)} s, ratio ${(muster / hand).toFixed(3)}`,
    );
  }
  const median = ratios.sort((a, b) => a - b)[Math.floor(ratios.length / 2)]!;
  console.log(`median ratio ${median.toFixed(3)} (at most ${most} is asked for)`);
  process.exitCode = median <= most ? 0 : 1;
}
