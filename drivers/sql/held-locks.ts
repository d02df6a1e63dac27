import type { Clock } from '../../core/clock.ts';

/**
 * A lock that keeps others from writing. `what`: of which kind, and on what. `held`: the same for as long as
 * it is held.
 */
export interface HeldLock {
  what: string;
  by: string;
  held: string;
}

/**
 * Longer than an application's transaction takes; whoever waits for a lock so long has given up the visitor.
 */
const patienceMs = 10_000;
const lookEveryMs = 500;

/** In words without the holder. An application may hold a lock for ever, as its leader does. */
export const withoutHolders = (held: readonly HeldLock[]): string[] => [
  ...new Set(held.map(({ what }) => what)),
];

/**
 * In words: locks that were held during the whole of the look, which lasts as long as one is and `patienceMs`
 * at most, and that are not among `before`. Rejects as `look` does.
 */
export async function locksThatStay(
  clock: Pick<Clock, 'nowMs' | 'sleep'>,
  look: () => Promise<HeldLock[]>,
  before: readonly string[],
): Promise<string[]> {
  const key = ({ what, held }: HeldLock): string => `${what}/${held}`;
  const untilMs = clock.nowMs() + patienceMs;
  let stay = (await look()).filter(({ what }) => !before.includes(what));
  while (stay.length > 0 && clock.nowMs() < untilMs) {
    await clock.sleep(lookEveryMs);
    const now = new Set((await look()).map(key));
    stay = stay.filter((one) => now.has(key(one)));
  }
  return stay.map(
    ({ what, by }) =>
      `${what}, held by ${by} for ${patienceMs / 1000} s and still: whoever writes there waits`,
  );
}
