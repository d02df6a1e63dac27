import { eventsOf } from '../../core/timeline.ts';
import { dataOf, put, drop, faultMs, segments, hang, type Case } from './agreement-edits.ts';

export const ofLogs: Case[] = [
  [
    'a part that was read before the log was followed',
    'withLog',
    (events) => {
      hang(events);
      segments(events)[3]!.data.readAtMs = -20_000;
    },
    /of what was read at -20000 ms/,
  ],
  [
    'a part that was read before the one before it',
    'withLog',
    (events) => {
      hang(events);
      segments(events).at(-1)!.data.readAtMs = segments(events)[0]!.data.readAtMs;
    },
    /of what was read at/,
  ],
  [
    'a part that was durable before it was read',
    'withLog',
    (events) => void (segments(events).at(-1)!.data.readAtMs += 1_000),
    /of what was read at/,
  ],
  [
    'a first part again, just before the fault',
    'withLog',
    (events) => {
      hang(events);
      const { data } = segments(events)[0]!;
      put(events, faultMs(events) - 5, 'log.durable', { ...data, offset: 0, readAtMs: faultMs(events) - 10 });
    },
    /is segment 1 of \S+ after segment \d+/,
  ],
  [
    'a part that is missing between others',
    'withLog',
    (events) => drop(events, (event) => event === segments(events)[10]),
    /is segment 12 of \S+ after segment 10/,
  ],
  [
    'a part that does not go on where the one before it ended',
    'withLog',
    (events) => void (segments(events).at(-1)!.data.offset += 7),
    /does not go on where/,
  ],
  [
    'a log that was replayed and never fetched',
    'withLog',
    (events) => drop(events, ({ type }) => type === 'log.fetched'),
    /replayed a log, and none was fetched/,
  ],
  [
    'a log that was fetched when all was over',
    'withLog',
    (events) => {
      const fetched = dataOf(events, 'log.fetched');
      drop(events, ({ type }) => type === 'log.fetched');
      put(events, eventsOf(events, 'observation.ended')[0]!.atMs, 'log.fetched', fetched);
    },
    /replayed a log, and none was fetched/,
  ],
  [
    'a log of which only the beginning was fetched',
    'withLog',
    (events) => void (dataOf(events, 'log.fetched').lastSegment = 1),
    /ends with segment 1, and segment \d+ was durable/,
  ],
  [
    'a log of another drill',
    'withLog',
    (events) => void (dataOf(events, 'log.fetched').drill = 'another'),
    /is a log of drill another/,
  ],
  [
    'a log from another store',
    'withLog',
    (events) => void (dataOf(events, 'log.fetched').store = 'z'),
    /from z, and step 1 names/,
  ],
];
