import { z } from 'zod';
import { pollUntil } from '../../core/clock.ts';
import type { ActiveFault, Proof } from '../../core/active-fault.ts';
import { environmentError } from '../../core/errors.ts';
import { defineContainerFault, type ContainerTarget } from '../../core/fault.ts';
import type { ProcessorTime } from '../../core/service.ts';
import { liftLimit } from '../process.ts';

/** What works in the container by itself is given so long to be held back before Muster runs work in it. */
const ownWorkMs = 1_000;
/** Between two pieces of work of the witness: none of them may become the load. */
const betweenWorkMs = 5_000;
const workDeadlineMs = 20_000;
/** A share of its own of less than so many times the cut would hold a container back in much the same way. */
const cutLeast = 2;
/** So many periods tell one share from another: what was used at either end of them counts for little. */
const periodsLeast = 5;
const ofItsOwn = 0.6;

// Ten periods' share of a processor that counts four million in a second. Where there is no shell, that the
// kernel begins a process in the container and ends it is work as well.
const work = (cpus: number): string[] => [
  'sh',
  '-c',
  `i=0; while [ "$i" -lt ${Math.ceil(cpus * 4_000_000)} ]; do i=$((i+1)); done`,
];

interface HeldBack {
  periods: number;
  usedMs: number;
  throttledMs: number;
}

/**
 * What was held back since `from` by less than the share that the container was made with. Without one
 * nothing but the cut holds it back. One of its own holds back too, but only in periods that took all of it.
 */
function heldBack(from: ProcessorTime, now: ProcessorTime, own: number | null): HeldBack | null {
  if (now.startedAt === null) return null;
  // Another start, another control group, which counts from zero.
  const counted =
    now.startedAt === from.startedAt ? from : { throttledPeriods: 0, usedMs: 0, throttledMs: 0 };
  const periods = now.throttledPeriods - counted.throttledPeriods;
  const usedMs = now.usedMs - counted.usedMs;
  const throttledMs = now.throttledMs - counted.throttledMs;
  if (periods < 1) return null;
  if (own !== null && (periods < periodsLeast || usedMs / periods > ofItsOwn * own * now.periodMs))
    return null;
  return { periods, usedMs, throttledMs };
}

/**
 * Runs a piece of work in the container until that is held back, or has ended without. `worked`: whether the
 * container had any processor time for it; a frozen one has none.
 */
async function underWork(
  { service, clock }: ContainerTarget,
  cpus: number,
  own: number | null,
): Promise<{ held: HeldBack | null; worked: boolean; now: ProcessorTime }> {
  const from = await service.processorTime();
  const running = await service.spawn(work(cpus)).catch(() => null);
  let over = running === null;
  const end = (): void => void (over = true);
  running?.done.then(end, end);
  running?.stdout.on('error', end).resume();
  let now = from;
  const held = await pollUntil(clock, { everyMs: 20, deadlineMs: workDeadlineMs }, async () => {
    const last = over;
    now = await service.processorTime();
    return heldBack(from, now, own) ?? (last ? 'never' : null);
  });
  if (!over) await running?.kill().catch(() => undefined);
  return { held: held === 'never' ? null : held, worked: now.usedMs > from.usedMs, now };
}

const proofOf = ({ periods, usedMs, throttledMs }: HeldBack, cpus: number, whose: string): Proof => ({
  what:
    `the kernel held ${whose} back in ${periods} periods, ${Math.round(throttledMs)} ms in all; ` +
    `it had ${Math.round(usedMs)} ms of the processors`,
  facts: { cpus, throttledPeriods: periods, throttledMs, usedMs },
});

/**
 * Cuts the container's share of the processors. The share stays, restart or not, until the undo.
 *
 * The witness is the kernel's counter of the control group, which rises only while something that wants to
 * run is held back: that the engine took the order proves nothing. A container without work is never held
 * back. Where its own work, health checks included, was not within a second, the witness runs a short piece
 * of work in it, at most every five seconds, and says that it was that. Such a proof says that the share is
 * cut, and not that a client felt it. A cut that no single thread can reach (`cpus` of one and more) is seen
 * by the container's own work alone, and without that never: the drill is inconclusive then.
 */
async function starve(target: ContainerTarget, { cpus }: { cpus: number }): Promise<ActiveFault> {
  const { service, clock } = target;
  const before = await service.processorTime();
  const own = before.share;
  if (own !== null && cpus * cutLeast > own)
    throw environmentError(`${service.name} has hardly more than that share of the processors by itself`, {
      found: `${own} of a processor, by what it was made with`,
      expected: `\`cpus\` of at most ${own / cutLeast}`,
    });
  await service.limitProcessor(cpus);
  const since = clock.nowMs();
  let lastWorkMs = -Infinity;
  const witness = async (): Promise<Proof | null> => {
    const itsOwn = heldBack(before, await service.processorTime(), own);
    if (itsOwn) return proofOf(itsOwn, cpus, 'its own work');
    const at = clock.nowMs();
    if (at - since < ownWorkMs || at - lastWorkMs < betweenWorkMs) return null;
    lastWorkMs = at;
    const { held } = await underWork(target, cpus, own);
    return held && proofOf(held, cpus, 'work that Muster ran in it, and not its own,');
  };
  return {
    facts: { cpus, share: own },
    witness,
    stillThere: async () => {
      const { held, worked, now } = await underWork(target, cpus, own);
      if (held) return proofOf(held, cpus, 'work that Muster ran in it');
      if (now.startedAt === null && now.share !== own)
        return { what: `it does not run, and would have ${cpus} of a processor again`, facts: { cpus } };
      if (now.startedAt !== null && !worked)
        throw environmentError(`nothing can be run in ${service.name}: whether it is held back is not seen`);
      return null;
    },
    undo: {
      name: `undo cpu-starved of ${service.name}`,
      deadlineMs: 60_000,
      run: () => liftLimit(clock, () => service.limitProcessor(null)),
      // What the engine was told, and the kernel's own figure: nothing is held back that works.
      healed: async () => {
        const { held, worked, now } = await underWork(target, cpus, own);
        return now.share === own && held === null && (worked || now.startedAt === null);
      },
    },
  };
}

export default defineContainerFault({
  about: "the container's share of the processors is cut: whatever works in it is held back by the kernel",
  params: z.strictObject({
    cpus: z.number().min(0.01).default(0.05).describe('How many processors it has from then on'),
  }),
  askedAgain: true,
  witnessDeadlineMs: 30_000,
  inject: starve,
});
