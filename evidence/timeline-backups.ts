import { cutOffError, eventsOf, firstOf, type TimelineEvent } from '../core/timeline.ts';

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
  const begun = new Map(eventsOf(events, 'backup.begun').map((event) => [idOf(event), event.atMs]));
  for (const event of eventsOf(events, 'backup.durable')) {
    const { consistentAtMs } = event.data;
    if (consistentAtMs > event.atMs || consistentAtMs < begun.get(idOf(event))!)
      return `${named(event)} was consistent at ${consistentAtMs} ms, which is not while it was taken`;
  }
  return null;
}

function oddCut(events: readonly TimelineEvent[]): string | null {
  const begun = new Map(eventsOf(events, 'backup.begun').map((event) => [idOf(event), event]));
  const faults = eventsOf(events, 'fault.begun');
  const stops = new Map(eventsOf(events, 'schedule.stopped').map(({ seq, data }) => [data.backup, seq]));
  for (const event of eventsOf(events, 'backup.failed')) {
    const { backup, error, completeAtMs } = event.data;
    if ((completeAtMs !== undefined) !== (error === cutOffError))
      return `${named(event)} was complete, or cut off by the fault, and not both`;
    if (completeAtMs === undefined) continue;
    const from = begun.get(idOf(event));
    const fault = faults.find(
      ({ seq, atMs }) => from && seq > from.seq && seq < event.seq && atMs >= completeAtMs,
    );
    if (!from || !fault || completeAtMs < from.atMs)
      return `${named(event)} was complete at ${completeAtMs} ms, which is not between its beginning and the fault`;
    if (!((stops.get(backup) ?? -1) > event.seq))
      return `${named(event)} was cut off by the fault, and its schedule.stopped is missing`;
  }
  return null;
}

type Prune = TimelineEvent<'prune.begun' | 'prune.ended' | 'prune.failed'>;
const isPrune = (event: TimelineEvent): event is Prune => event.type.startsWith('prune.');

function oddPrunes(events: readonly TimelineEvent[]): string | null {
  const { strategy } = firstOf(events, 'drill.begun')!.data;
  const recovery = firstOf(events, 'recovery.begun')!;
  const known = new Set(eventsOf(events, 'backup.begun').map(idOf));
  const durable = new Set(eventsOf(events, 'backup.durable').map(idOf));
  /** By backup: what is being removed; and all that ever was, which a later prune may have to complete. */
  const open = new Map<string, readonly string[]>();
  const begun = new Set<string>();
  /** Of these a prune failed: it may have taken manifests away before it could say of which points. */
  const halted = new Set<string>();
  for (const event of events.filter(isPrune)) {
    const { backup } = event.data;
    const id = (point: string): string => idOf({ data: { backup, point } });
    const [component, name] = backup.split('.') as [string, string];
    if (!strategy.components[component]?.backups[name]?.keep)
      return `${named(event)} removes points of ${backup}, and the strategy does not say how long they are kept`;
    if (event.seq > recovery.seq) return `${named(event)} comes after the recovery began`;
    if (event.type === 'prune.failed') {
      open.delete(backup);
      halted.add(backup);
    }
    if (event.type === 'prune.begun') {
      if (open.has(backup)) return `${named(event)} comes while points of ${backup} are being removed`;
      const unknown = event.data.points.find((point) => !known.has(id(point)));
      if (unknown !== undefined) return `${named(event)} removes ${unknown}, which this drill did not make`;
      open.set(backup, event.data.points);
      for (const point of event.data.points) begun.add(id(point));
    }
    if (event.type !== 'prune.ended') continue;
    const { removed, completed } = event.data;
    const said = open.get(backup) ?? [];
    open.delete(backup);
    if (removed.length !== said.length || removed.some((point) => !said.includes(point)))
      return `${named(event)} removed other points than it began to`;
    const whole = completed.find((point) => durable.has(id(point)) && !begun.has(id(point)));
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
