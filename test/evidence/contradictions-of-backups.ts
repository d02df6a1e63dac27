import type { EventData, TimelineEvent } from '../../core/timeline.ts';
import { all, forged, last, move, put, remove, type Contradiction, type Events } from './forging.ts';

export const beganWith = (events: Events, data: Partial<EventData['restore.beganWith']>) => ({
  of: last(events, 'asked').data.of,
  what: 'an empty data folder',
  sha256: 'a'.repeat(64),
  madeAt: '2026-01-01T00:00:00Z',
  madeInMs: 400,
  timedBy: 'a clock',
  ...data,
});

export const ofRestores: Contradiction[] = [
  ['a time less than nothing', { madeInMs: -200 }, /restore\.beganWith\).*madeInMs/],
  ['no time', { madeInMs: null as never }, /restore\.beganWith\).*madeInMs/],
  ['a time in words', { madeInMs: '5' as never }, /refused/],
  ['a component that nobody restored', { of: 'nobody' }, /restore\.beganWith\) is of nobody/],
].map(([what, data, says]) => ({
  what: `a restore began with ${what as string}`,
  alter: forged((events) =>
    put(events, last(events, 'step.begun'), 'restore.beganWith', beganWith(events, data as object)),
  ),
  says: says as RegExp,
}));

const cut = (events: Events): TimelineEvent<'backup.failed'> => last(events, 'backup.failed');
const cutOff = (events: Events) => cut(events).data.cutOff!;
export const ofBackups: Contradiction[] = [
  {
    what: 'a backup that was cut off was complete at no time',
    alter: forged((events) => void (cutOff(events).completeAtMs = null as never)),
    says: /backup\.failed\).*completeAtMs/,
  },
  {
    what: 'it was complete before the drill began',
    alter: forged((events) => void (cutOff(events).completeAtMs = -5)),
    says: /backup\.failed\).*completeAtMs/,
  },
  {
    what: 'it was complete before it began',
    alter: forged((events) => void (cutOff(events).completeAtMs = 1)),
    says: /was complete at 1 ms, which is not between its beginning and the fault/,
  },
  {
    what: 'it was complete after the fault',
    alter: forged((events) => void (cutOff(events).completeAtMs = cut(events).atMs + 1)),
    says: /which is not between its beginning and the fault/,
  },
  {
    what: 'it was complete, and cut off by a fault that never came',
    alter: forged((events) => void (cutOff(events).by = 'fault-9')),
    says: /which is not between its beginning and the fault/,
  },
  {
    what: 'one that failed before the fault was cut off by it',
    alter: forged((events) => {
      const begun = all(events, 'backup.begun')[0]!;
      const { id, backup, point } = begun.data;
      remove(events, ({ type, data }) => type === 'backup.durable' && (data as { id: string }).id === id);
      const cutOff = { by: 'fault-1', completeAtMs: begun.atMs };
      put(events, begun, 'backup.failed', { id, backup, point, error: 'disk full', cutOff });
    }),
    says: /which is not between its beginning and the fault/,
  },
  {
    what: 'a point that failed became durable after the fault',
    alter: forged((events) => {
      const { data } = last(events, 'backup.durable');
      const { id, point } = cut(events).data;
      const consistentAtMs = cutOff(events).completeAtMs;
      put(events, cut(events), 'backup.durable', { ...data, id, point, consistentAtMs });
    }),
    says: /backup\.failed\) contradicts a backup\.durable of the same/,
  },
  {
    what: 'a point was consistent after it was durable',
    alter: forged((events) => {
      for (const event of all(events, 'backup.durable')) event.data.consistentAtMs = event.atMs + 40_000;
    }),
    says: /backup\.durable\) was consistent at \d+/,
  },
  {
    what: 'a point was consistent before it was begun',
    alter: forged((events) => void (last(events, 'backup.durable').data.consistentAtMs = 0)),
    says: /backup\.durable\) was consistent at 0 ms/,
  },
  {
    what: 'what Muster itself begins was looked for before it',
    alter: forged((events) => {
      const begun = last(events, 'backup.begun');
      begun.data.lastWithoutMs = begun.atMs - 10;
    }),
    says: /backup\.begun\) was not there at \S+ ms, which is not while it was looked for/,
  },
  {
    what: 'the same point became durable twice',
    alter: forged((events) => {
      const one = last(events, 'backup.durable');
      put(events, one, 'backup.durable', one.data);
    }),
    says: /backup\.durable\) says again what can be once/,
  },
  {
    what: 'a removal comes after the point that is missing was fetched',
    base: 'kept',
    alter: forged((events) => move(events, last(events, 'prune.ended'), last(events, 'step.ended'))),
    says: /prune\.ended\)/,
  },
  {
    what: 'points are removed, and the strategy keeps all',
    alter: forged((events) => {
      const { backup, point } = last(events, 'backup.durable').data;
      put(events, last(events, 'backup.durable'), 'prune.begun', { id: 'prune-1', backup, points: [point] });
    }),
    says: /the strategy does not say how long they are kept/,
  },
  {
    what: 'the removal of a point that is there is said to be completed',
    base: 'kept',
    alter: forged((events) => {
      const { point } = last(events, 'backup.durable').data;
      last(events, 'prune.ended').data.completed = [point];
    }),
    says: /completes the removal of \S+, which never began/,
  },
  {
    what: 'other points were removed than said',
    base: 'kept',
    alter: forged((events) => {
      const { point } = last(events, 'backup.durable').data;
      last(events, 'prune.ended').data.removed.push(point);
    }),
    says: /removed other points than it began to/,
  },
  {
    what: 'that a schedule stopped is left out',
    alter: forged((events) => remove(events, ({ type }) => type === 'schedule.stopped')),
    says: /schedule/,
  },
];
