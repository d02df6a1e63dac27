import { logTakenBy, stepsOf } from '../core/steps/index.ts';
import { eventsOf, type TimelineEvent } from '../core/timeline.ts';
import { eachStepThatEndedWell, firstOf, says, type Agreement } from './agreement-plan.ts';

/** What is rounded on the way. */
const roundedMs = 1;

/** A log is appended to, read on and fetched in one way only. */
export const logsDisagree = (plan: Agreement): string | null =>
  segmentsDisagree(plan) ?? fetchedLogsDisagree(plan) ?? endsDisagree(plan);

/** Each log that was followed says how that ended, after all that became of it. */
function endsDisagree({ events, completed }: Agreement): string | null {
  const followed = eventsOf(events, 'schedule.begun').filter(({ data }) => data.intervalMs === null);
  const ends = eventsOf(events, 'log.ended');
  const endOf = (backup: string) => ends.find(({ data }) => data.backup === backup);
  const missing = followed.find(({ data }) => !endOf(data.backup));
  if (completed && missing) return `nothing says how following ${missing.data.backup} ended`;
  const wrong = firstOf(ends, (event) => {
    const { backup, lastSegment, broken } = event.data;
    const segment = eventsOf(events, 'log.durable').findLast(({ data }) => data.backup === backup);
    if (lastSegment !== (segment?.data.segment ?? 0))
      return `${says(event)} ends ${backup} with segment ${lastSegment}, and the last one is ${segment?.data.segment ?? 0}`;
    const isBroken = eventsOf(events, 'log.broken').some(({ data }) => data.backup === backup);
    return broken !== isBroken && `${says(event)} and the events differ on whether ${backup} broke`;
  });
  if (wrong) return wrong;
  return firstOf(eventsOf(events, 'log.durable', 'log.broken'), (event) => {
    const end = endOf(event.data.backup);
    return end !== undefined && end.seq < event.seq && `${says(event)} comes after the end of its log`;
  });
}

interface Log {
  begunMs: number;
  segment: number;
  readAtMs: number;
  lengths: Map<string, number>;
}

/** Each part becomes durable before the next begins, and is read after the one before it. */
function segmentsDisagree({ events }: Agreement): string | null {
  const logs = new Map<string, Log>();
  return firstOf(eventsOf(events, 'schedule.begun', 'log.durable'), (event) => {
    const { backup } = event.data;
    if (event.type === 'schedule.begun') {
      if (!logs.has(backup))
        logs.set(backup, { begunMs: event.atMs, segment: 0, readAtMs: -Infinity, lengths: new Map() });
      return null;
    }
    const { segment, file, offset, bytes, readAtMs } = event.data;
    const log = logs.get(backup);
    if (!log) return `${says(event)} is of ${backup}, which is not followed`;
    if (segment !== log.segment + 1)
      return `${says(event)} is segment ${segment} of ${backup} after segment ${log.segment}`;
    if (!(readAtMs >= Math.max(log.begunMs, log.readAtMs) - roundedMs && readAtMs <= event.atMs + roundedMs))
      return `${says(event)} is of what was read at ${readAtMs} ms`;
    const length = log.lengths.get(file);
    if (offset !== 0 && length !== undefined && offset !== length)
      return `${says(event)} does not go on where ${file} of ${backup} ended`;
    log.lengths.set(file, offset + bytes);
    log.segment = segment;
    log.readAtMs = readAtMs;
    return null;
  });
}

/** The log of the drill whose point it is replayed on, to the last part that was durable. */
function fetchedLogsDisagree(plan: Agreement): string | null {
  const steps = stepsOf(plan.scenario);
  const others = new Set(
    eventsOf(plan.events, 'point.fetched').flatMap(({ data }) =>
      data.provenance === 'external' ? [data.drill] : [],
    ),
  );
  const ofStep = (event: TimelineEvent<'log.fetched'>): string | null | false => {
    const { step, backup, store, drill, lastSegment } = event.data;
    const of = steps[step] && logTakenBy(steps[step]);
    if (!of) return `${says(event)} is of step ${step}, which replays nothing`;
    if (of.backup !== backup || of.from !== store)
      return `${says(event)} fetched ${backup} from ${store}, and step ${step} names ${of.backup} from ${of.from}`;
    if (drill !== plan.drill) return !others.has(drill) && `${says(event)} is a log of drill ${drill}`;
    const durable = eventsOf(plan.events, 'log.durable').findLast(
      ({ seq, data }) => seq < event.seq && data.backup === backup,
    );
    return (
      !(lastSegment >= (durable?.data.segment ?? 0)) &&
      `${says(event)} ends with segment ${lastSegment}, and segment ${durable?.data.segment} was durable`
    );
  };
  return (
    firstOf(eventsOf(plan.events, 'log.fetched'), ofStep) ??
    eachStepThatEndedWell(plan, (step, within, ended) =>
      logTakenBy(step) !== null &&
      !eventsOf(within, 'log.fetched').some(({ data }) => data.of === ended.data.id)
        ? `${says(ended)} replayed a log, and none was fetched for it`
        : null,
    )
  );
}
