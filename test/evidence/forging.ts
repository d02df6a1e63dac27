import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { EventData, EventType, TimelineEvent } from '../../core/timeline.ts';
import { forgeManifest, rechain } from '../support/forgery.ts';
import type { MemoryDrill } from '../support/memory-drill.ts';
import { eventsIn } from '../support/recorded.ts';

/** As few records as prove a drill: every bundle that is made of it is judged anew. */
const load = '{ rows: { target: store, rate: 100/s } }';
const seed = '[{ run: seed, with: { rows: 50 } }]';
/** Good drills, as forgers would like to have others. */
export const bases = {
  good: { scenario: { load } },
  log: {
    scenario: {
      load,
      protect: '[store.snapshot, store.log]',
      recover: '[{ restore: store, from: b }, { replay: store.log, from: a }]',
    },
  },
  kept: { backup: { keep: '{ points: 1 }' }, scenario: { load, points: '3' } },
  seeded: { scenario: { load, seed } },
  dropped: { scenario: { load, seed, fault: '{ drop-table: store, table: accounts, at: +6s }' } },
} satisfies Record<string, MemoryDrill>;
export type Base = keyof typeof bases;

/** `says`: what the judgement must say is wrong with the bundle. */
export interface Contradiction {
  what: string;
  base?: Base;
  alter: (bundle: string) => void;
  says: RegExp;
}

export type Events = TimelineEvent[];
/** Chain and manifest are made anew over what is altered. */
export const forged =
  (alter: (events: Events) => void) =>
  (bundle: string): void => {
    const events = structuredClone(eventsIn(bundle));
    alter(events);
    rechain(bundle, events);
    forgeManifest(bundle);
  };
export const all = <T extends EventType>(events: Events, type: T): TimelineEvent<T>[] => {
  const found = events.filter((event) => event.type === type) as unknown as TimelineEvent<T>[];
  if (found.length === 0) throw new Error(`no ${type} to alter`);
  return found;
};
export const last = <T extends EventType>(events: Events, type: T): TimelineEvent<T> =>
  all(events, type).at(-1)!;
export const only = <T extends EventType>(
  events: Events,
  type: T,
  data: Partial<EventData[T]>,
): TimelineEvent<T> => {
  const is = (event: TimelineEvent<T>): boolean =>
    Object.entries(data).every(([key, value]) => (event.data as Record<string, unknown>)[key] === value);
  const found = all(events, type).find(is);
  if (!found) throw new Error(`no such ${type} to alter`);
  return found;
};
export const indexOf = (events: Events, one: unknown): number => events.indexOf(one as TimelineEvent);
/** One more event, right after another or right before it, at its moment. */
export const put = <T extends EventType>(
  events: Events,
  near: unknown,
  type: T,
  data: EventData[T],
  where: 'after' | 'before' = 'after',
): void => {
  const at = indexOf(events, near);
  events.splice(where === 'after' ? at + 1 : at, 0, { ...events[at]!, type, data } as TimelineEvent);
};
export const remove = (events: Events, which: (event: TimelineEvent) => boolean): void => {
  const kept = events.filter((event) => !which(event));
  if (kept.length === events.length) throw new Error('nothing to leave out');
  events.splice(0, events.length, ...kept);
};
export const move = (events: Events, one: unknown, near: unknown): void => {
  const [event] = events.splice(indexOf(events, one), 1);
  const { atMs, utc } = near as TimelineEvent;
  events.splice(indexOf(events, near) + 1, 0, { ...event!, atMs, utc });
};
export const phaseOf = (events: Events, phase: string, type: 'phase.begun' | 'phase.ended'): TimelineEvent =>
  all(events, type).find(({ data }) => data.phase === phase)! as TimelineEvent;
export const rewritten =
  (from: string, to: string) =>
  (bundle: string): void => {
    const path = join(bundle, 'events.jsonl');
    const text = readFileSync(path, 'utf8');
    if (!text.includes(from)) throw new Error(`no ${from} to rewrite`);
    writeFileSync(path, text.replace(from, to));
    forgeManifest(bundle);
  };
