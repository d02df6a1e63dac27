import { procedureKinds, procedureOf } from '../core/procedures.ts';
import { eventsOf, type Phase, type TimelineEvent } from '../core/timeline.ts';
import { oddBackups } from './timeline-backups.ts';
import { oddFaults } from './timeline-faults.ts';
import { oddIds } from './timeline-ids.ts';
import { oddOrder } from './timeline-order.ts';
import { oddShape } from './timeline-shape.ts';
import { oddBeginning, oddRecovery } from './timeline-steps.ts';

/** Judging and reporting are no part of what is judged. */
const livedOf = (events: readonly TimelineEvent[]): readonly Phase[] =>
  procedureKinds[procedureOf(events)].phases;

/**
 * What no drill writes, though every line is linked to the one before: a chain can be made anew by whoever
 * alters it. Null when there is nothing of that kind.
 */
export const timelineDamage = (events: readonly TimelineEvent[]): string | null =>
  oddShape(events) ?? oddEnds(events) ?? oddTimes(events) ?? oddIds(events) ?? whole(events);

/** A drill that ran to its end: what it did and what became of that, each in its place. */
const whole = (events: readonly TimelineEvent[]): string | null =>
  eventsOf(events, 'drill.ended')[0]?.data.outcome === 'completed'
    ? (oddParts(events) ??
      oddPhases(events) ??
      oddOrder(events) ??
      oddRecovery(events) ??
      oddBeginning(events) ??
      oddBackups(events) ??
      oddFaults(events))
    : null;

function oddEnds(events: readonly TimelineEvent[]): string | null {
  const begun = eventsOf(events, 'drill.begun');
  if (begun.length > 1) return `the drill begins again at event ${begun[1]!.seq}`;
  const ended = eventsOf(events, 'drill.ended')[0];
  return ended && ended.seq !== events.length - 1
    ? `events follow the drill's end, from ${ended.seq + 1} on`
    : null;
}

/** Time goes forward. Who noticed something may say so later than it was. */
function oddTimes(events: readonly TimelineEvent[]): string | null {
  let newestMs = 0;
  for (const { seq, type, atMs } of events) {
    if (atMs < newestMs && type !== 'detected') return `event ${seq} was earlier than the one before it`;
    newestMs = Math.max(newestMs, atMs);
  }
  return null;
}

/** A drill that ran to its end has all of its parts. */
function oddParts(events: readonly TimelineEvent[]): string | null {
  const ended = new Set(eventsOf(events, 'phase.ended').map(({ data }) => data.phase));
  const missing = livedOf(events).find((phase) => !ended.has(phase));
  if (missing) return `the drill ran to its end, and its phase ${missing} never did`;
  const begun = eventsOf(events, 'load.begun').map(({ data }) => data.index);
  const stopped = eventsOf(events, 'load.ended').map(({ data }) => data.index);
  const open = begun.find((index) => !stopped.includes(index));
  if (open !== undefined) return `load ${open} began and never ended`;
  const twice = [...begun, ...stopped].find(
    (index) =>
      begun.indexOf(index) !== begun.lastIndexOf(index) ||
      stopped.indexOf(index) !== stopped.lastIndexOf(index),
  );
  return twice === undefined ? null : `load ${twice} began or ended twice`;
}

/** One after the other, each once; what went wrong in one of them is no drill that ran to its end. */
function oddPhases(events: readonly TimelineEvent[]): string | null {
  const due = livedOf(events).flatMap((phase) => [`phase.begun ${phase}`, `phase.ended ${phase}`]);
  for (const [i, event] of eventsOf(events, 'phase.begun', 'phase.ended').entries()) {
    if (`${event.type} ${event.data.phase}` !== due[i])
      return `event ${event.seq} (${event.type} ${event.data.phase}) is not what comes next: ${due[i] ?? 'the end'}`;
    if (event.type === 'phase.ended' && !event.data.ok && !['heal', 'down'].includes(event.data.phase))
      return `the drill ran to its end, and at event ${event.seq} its phase ${event.data.phase} failed`;
  }
  return null;
}
