import type { Evidence } from '../core/measure.ts';
import { eventsOf } from '../core/timeline.ts';
import { countsForLoss } from './loss.ts';

/** How far a log that is followed had come, and how late it was. */
export interface LogReach {
  /** The longest from reading a part to its being durable, of those durable by the fault; null without. */
  lagMs: number | null;
  /** How long before the newest write that the fault left it a second for it was last read; or null. */
  missedMs: number | null;
}

/** Only what was durable when it was fetched counts, where it was. */
export function logReachOf(
  { events, ledger }: Pick<Evidence, 'events' | 'ledger'>,
  log: string,
  component: string,
  faultMs: number,
): LogReach {
  const segments = eventsOf(events, 'log.durable').filter(
    ({ data, atMs }) => data.backup === log && atMs >= data.readAtMs,
  );
  const lags = segments.filter(({ atMs }) => atMs <= faultMs).map(({ atMs, data }) => atMs - data.readAtMs);
  const writes = ledger.loads
    .filter((load) => load.target === component && countsForLoss(load))
    .flatMap(({ service }) => service.unhurriedWriteMs ?? []);
  const fetched = eventsOf(events, 'log.fetched').findLast(({ data }) => data.backup === log);
  const held = segments.filter(({ seq }) => seq < (fetched?.seq ?? Infinity));
  const newest = (times: readonly number[]): number => times.reduce((a, b) => Math.max(a, b), -Infinity);
  return {
    lagMs: lags.length === 0 ? null : newest(lags),
    missedMs: writes.length === 0 ? null : newest(writes) - newest(held.map(({ data }) => data.readAtMs)),
  };
}
