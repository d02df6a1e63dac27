import { eventsOf, firstOf, type TimelineEvent } from '../core/timeline.ts';

const named = ({ seq, type }: TimelineEvent): string => `event ${seq} (${type})`;
const idOf = ({ data }: { data: { backup: string; point: string } }): string =>
  `${data.backup} ${data.point}`;

/**
 * What no backup does: be consistent before it began or after it was durable, be cut off by no fault, lose
 * points that nobody was about to remove, or go quiet unsaid when its component is broken; null when there is
 * nothing of that kind. Of a drill that ran to its end.
 */
export const oddBackups = (events: readonly TimelineEvent[]): string | null =>
  oddMoments(events) ?? oddCut(events) ?? oddPrunes(events) ?? oddQuiet(events);

function oddMoments(events: readonly TimelineEvent[]): string | null {
  const schedules = new Map(eventsOf(events, 'schedule.begun').map((event) => [event.data.backup, event]));
  const begun = new Map<string, number>();
  const lastWithout = new Map<string, number | undefined>();
  for (const event of eventsOf(events, 'backup.begun')) {
    const { id, backup, lastWithoutMs } = event.data;
    // What others make is as old as the last look without it, for nobody saw it begin.
    begun.set(id, lastWithoutMs ?? event.atMs);
    lastWithout.set(id, lastWithoutMs);
    if (lastWithoutMs === undefined) continue;
    const schedule = schedules.get(backup)!;
    if (!schedule.data.follows || lastWithoutMs > event.atMs || lastWithoutMs < schedule.atMs)
      return `${named(event)} was not there at ${lastWithoutMs} ms, which is not while it was looked for`;
  }
  for (const event of eventsOf(events, 'backup.durable')) {
    const { consistentAtMs } = event.data;
    if (consistentAtMs > event.atMs || consistentAtMs < begun.get(event.data.id)!)
      return `${named(event)} was consistent at ${consistentAtMs} ms, which is not while it was taken`;
    // Nobody knows that it is any younger.
    if (schedules.get(event.data.backup)?.data.follows && lastWithout.get(event.data.id) !== consistentAtMs)
      return `${named(event)} was consistent at ${consistentAtMs} ms, and others made it: it is as old as the last look without it`;
  }
  return null;
}

function oddCut(events: readonly TimelineEvent[]): string | null {
  const begun = new Map(eventsOf(events, 'backup.begun').map((event) => [event.data.id, event]));
  const faults = new Map(eventsOf(events, 'fault.begun').map((event) => [event.data.id, event]));
  const stops = new Map(eventsOf(events, 'schedule.stopped').map(({ seq, data }) => [data.backup, seq]));
  for (const event of eventsOf(events, 'backup.failed')) {
    const { id, backup, cutOff } = event.data;
    if (cutOff === undefined) continue;
    const { by, completeAtMs } = cutOff;
    const [from, fault] = [begun.get(id), faults.get(by)];
    const isBetween =
      from && fault && fault.seq > from.seq && fault.seq < event.seq && fault.atMs >= completeAtMs;
    if (!isBetween || completeAtMs < from.atMs)
      return `${named(event)} was complete at ${completeAtMs} ms, which is not between its beginning and the fault`;
    if (!((stops.get(backup) ?? -1) > event.seq))
      return `${named(event)} was cut off by the fault, and its schedule.stopped is missing`;
  }
  return null;
}

function oddPrunes(events: readonly TimelineEvent[]): string | null {
  const { strategy } = firstOf(events, 'drill.begun')!.data;
  const recovery = firstOf(events, 'recovery.begun')!;
  const known = new Set(eventsOf(events, 'backup.begun').map(idOf));
  const durable = new Set(eventsOf(events, 'backup.durable').map(idOf));
  /** By id: what is to be removed; and all that ever was, which a later prune may have to complete. */
  const said = new Map<string, readonly string[]>();
  const begun = new Set<string>();
  /** Of these a prune failed: it may have taken points away before it could say of which points. */
  const halted = new Set<string>();
  /** By backup: the one that is under way. */
  const open = new Map<string, string>();
  for (const event of eventsOf(events, 'prune.begun', 'prune.ended', 'prune.failed')) {
    const { id, backup } = event.data;
    const point = (name: string): string => idOf({ data: { backup, point: name } });
    const [component, name] = backup.split('.') as [string, string];
    if (!strategy.components[component]?.backups[name]?.keep)
      return `${named(event)} removes points of ${backup}, and the strategy does not say how long they are kept`;
    if (event.seq > recovery.seq) return `${named(event)} comes after the recovery began`;
    if (event.type === 'prune.begun') {
      if (open.has(backup)) return `${named(event)} comes while points of ${backup} are being removed`;
      const unknown = event.data.points.find((one) => !known.has(point(one)));
      if (unknown !== undefined) return `${named(event)} removes ${unknown}, which this drill did not make`;
      open.set(backup, id);
      said.set(id, event.data.points);
      for (const one of event.data.points) begun.add(point(one));
      continue;
    }
    open.delete(backup);
    if (event.type === 'prune.failed') {
      halted.add(backup);
      continue;
    }
    const { removed, completed } = event.data;
    const wanted = said.get(id) ?? [];
    if (removed.length !== wanted.length || removed.some((one) => !wanted.includes(one)))
      return `${named(event)} removed other points than it began to`;
    const whole = completed.find((one) => durable.has(point(one)) && !begun.has(point(one)));
    if (whole !== undefined && !halted.has(backup))
      return `${named(event)} completes the removal of ${whole}, which never began`;
  }
  return null;
}

/** A component that is broken has its schedules stopped, or they go on to where somebody notices. */
function oddQuiet(events: readonly TimelineEvent[]): string | null {
  const recovery = firstOf(events, 'recovery.begun')!;
  const broken = eventsOf(events, 'phase.ended').find(({ data }) => data.phase === 'break')!;
  const scheduled = eventsOf(events, 'schedule.begun').filter(({ data }) => data.intervalMs !== null);
  const stopped = new Set(eventsOf(events, 'schedule.stopped').map(({ data }) => data.backup));
  for (const fault of eventsOf(events, 'fault.begun')) {
    const { on, target, components, beforehand } = fault.data;
    if (on === 'store' || beforehand || fault.seq > broken.seq) continue;
    const hit = components ?? [target];
    const quiet = scheduled.find(
      ({ data: { backup } }) =>
        hit.includes(backup.split('.')[0]!) &&
        !stopped.has(backup) &&
        !eventsOf(events, 'backup.durable').some(
          ({ seq, data }) => data.backup === backup && seq > fault.seq && seq < recovery.seq,
        ),
    );
    if (quiet)
      return `${named(fault)} stops the schedule of ${quiet.data.backup}, and nothing says that it stopped`;
  }
  return null;
}
