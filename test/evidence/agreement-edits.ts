import type { Scenario } from '../../core/scenario.ts';
import type { Strategy } from '../../core/strategy.ts';
import { eventsOf, type EventData, type EventType, type TimelineEvent } from '../../core/timeline.ts';

export type Events = TimelineEvent[];
interface Planned {
  scenario: Scenario;
  strategy: Strategy;
}
export const planOf = (events: Events): Planned => (events[0] as TimelineEvent<'drill.begun'>).data;
export const storeOf = (events: Events): string =>
  Object.keys(planOf(events).strategy.components).find((name) => name.startsWith('store-'))!;
export const componentOf = (events: Events) => planOf(events).strategy.components[storeOf(events)]!;
export const dataOf = <T extends EventType>(events: Events, type: T): EventData[T] => {
  const found = eventsOf(events, type)[0];
  if (!found) throw new Error(`no ${type}`);
  return found.data;
};
/** Right after the last event by that time. */
export function put<T extends EventType>(events: Events, atMs: number, type: T, data: EventData[T]): void {
  const at = events.findLastIndex((event) => event.type !== 'detected' && event.atMs <= atMs);
  const utc = new Date(Date.parse(events[at]!.utc) + atMs - events[at]!.atMs).toISOString();
  events.splice(at + 1, 0, { ...events[at]!, type, data, atMs, utc } as TimelineEvent);
}
export const drop = (events: Events, which: (event: TimelineEvent) => boolean): void => {
  const kept = events.filter((event) => !which(event));
  if (kept.length === events.length) throw new Error('nothing to leave out');
  events.splice(0, events.length, ...kept);
};
export const faultMs = (events: Events): number => eventsOf(events, 'fault.begun')[0]!.atMs;
export const segments = (events: Events): TimelineEvent<'log.durable'>[] => eventsOf(events, 'log.durable');
/** The log hung long before the fault, and the timeline says so. */
export const hang = (events: Events): void => {
  drop(events, ({ type, atMs }) => type === 'log.durable' && atMs > 3_000);
  dataOf(events, 'log.fetched').lastSegment = segments(events).at(-1)!.data.segment;
};

type Edit = (events: Events) => void;
export type Base = 'good' | 'withLog' | 'ofTwo' | 'measured' | 'seeded' | 'alone';
export type Case = [what: string, base: Base, edit: Edit, says: RegExp];
