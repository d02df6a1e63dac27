import { pollUntil } from '../core/clock.ts';
import type { Recorder } from '../core/workload.ts';
import { kinds, outcomes } from '../core/ledger.ts';
import type { Drill, Given, Sandbox } from './drill-context.ts';

/** Acknowledged writes that a recovery point must cover to be one to have. */
const enoughWrites = 20;
/** A load that is slower than that is too slow to say much, and holds no schedule up. */
export const writesDeadlineMs = 10_000;

/** The recorder of a load, which counts the writes that were acknowledged; a group of rows is one. */
export function countingWrites(drill: Sandbox, load: string, recorder: Recorder): Recorder {
  return {
    record: (...record) => {
      const [kind, outcome, id, group] = record;
      if (kind === kinds.write && outcome === outcomes.ok && id === group)
        drill.acknowledged.set(load, (drill.acknowledged.get(load) ?? 0) + 1);
      recorder.record(...record);
    },
  };
}

const writingTo = ({ plan }: Pick<Given, 'plan'>, component: string): string[] =>
  Object.entries(plan.scenario.load)
    .filter(([, { target, by }]) => target === component && by === undefined)
    .map(([name]) => name);

/** Writes to the component that were acknowledged so far; null where no load writes to it. */
export function writesTo(drill: Sandbox & Given, component: string): number | null {
  const loads = writingTo(drill, component);
  if (loads.length === 0) return null;
  return loads.reduce((sum, load) => sum + (drill.acknowledged.get(load) ?? 0), 0);
}

/**
 * Resolves when every load that writes to the component has had so many writes acknowledged that a backup
 * taken now holds something, or when that takes too long, which is noted. At once for a component that no
 * load writes to.
 */
export async function haveWritten(
  drill: Pick<Drill, 'plan' | 'clock' | 'timeline' | 'attached' | 'acknowledged'>,
  component: string,
  signal: AbortSignal,
): Promise<void> {
  const { clock } = drill;
  const writing = writingTo(drill, component).filter(
    () => drill.attached.get(component)?.workload?.kind === 'data',
  );
  const fewest = (): number => Math.min(...writing.map((load) => drill.acknowledged.get(load) ?? 0));
  const done = await pollUntil(
    clock,
    { everyMs: 10, deadlineMs: writesDeadlineMs, signal },
    async () => fewest() >= enoughWrites,
  );
  if (!done)
    drill.timeline.emit('note', {
      text: `backups of ${component} begin although its load has had ${fewest()} writes acknowledged within ${writesDeadlineMs / 1000} s`,
    });
}
