import { expect, test } from 'vitest';
import { systemClock } from '../../../core/clock.ts';
import type { Recorder } from '../../../core/workload.ts';
import { digestOf, flagWrong, kinds, outcomes } from '../../../core/ledger.ts';
import { journeys, userOf } from '../../../drivers/login-service/journeys.ts';
import { Sessions, sessionValue } from '../../../drivers/login-service/sessions.ts';
import { serve, type Handler, type Request } from './service.ts';

const nameOf = <Name extends string>(names: Record<Name, number>, value: number): string =>
  Object.entries(names).find(([, each]) => each === value)![0];

/** Goes on journeys and gives what was recorded, as `kind outcome` with `wrong` where flagged. */
async function travel(bad: Handler | undefined, numbers: number[]) {
  const service = await serve(bad);
  const lines: string[] = [];
  const records: { id: number; group: number; low: number; high: number; text: string }[] = [];
  const recorder: Recorder = {
    record: (kind, outcome, id, group, invokedMs, endedMs, low, high, flags) => {
      const text = `${nameOf(kinds, kind)} ${flags === flagWrong ? 'wrong' : nameOf(outcomes, outcome)}`;
      expect(endedMs).toBeGreaterThanOrEqual(invokedMs);
      lines.push(text);
      records.push({ id, group, low, high, text });
    },
  };
  const sessions = new Sessions();
  const workload = journeys({ way: service.way, clock: systemClock, seed: 1, users: 100, sessions });
  const client = await workload.open(recorder);
  for (const number of numbers) await client.journey(number);
  const readBack = async (): Promise<[number, string][]> => {
    const found: [number, string][] = [];
    await workload.readBack((id, value) => found.push([id, value]));
    return found.sort(([a], [b]) => a - b);
  };
  return {
    service,
    lines,
    records,
    sessions,
    workload,
    readBack,
    [Symbol.asyncDispose]: () => service[Symbol.asyncDispose](),
  };
}

const at =
  (path: string, response: ReturnType<Handler>): Handler =>
  (request) =>
    request.path === path ? response : null;

test('every request leaves one record; every third journey ends a session', async () => {
  await using trip = await travel(undefined, [0, 1, 2]);
  const common = ['answer ok', 'answer ok', 'write ok'];
  expect(trip.lines).toEqual([...common, ...common, ...common, 'remove ok', 'answer ok']);
  expect(trip.lines).toHaveLength(trip.service.seen.length);
  expect(
    trip.records.find(({ text }) => text === 'remove ok'),
    'an older one, which a backup may hold',
  ).toMatchObject({ id: 1, group: 1 });
  const { low, high } = digestOf(sessionValue(1));
  expect(trip.records.find(({ id, text }) => id === 1 && text === 'write ok')).toMatchObject({
    group: 1,
    low,
    high,
  });
});

test('reading back finds the living sessions, again and again, and not the revoked', async () => {
  await using trip = await travel(undefined, [0, 1, 2, 3]);
  for (let time = 0; time < 2; time += 1)
    expect(await trip.readBack()).toEqual([0, 2, 3].map((id) => [id, sessionValue(id)]));
});

for (const [what, bad, expected] of [
  ['a login refused', at('/login', [401]), ['answer wrong']],
  ['a service away', at('/login', [503]), ['answer fail']],
  [
    'a profile of someone else',
    at('/profile', [200, { email: 'x', role: 'y', bio: 'z' }]),
    ['answer ok', 'answer wrong'],
  ],
  ['a refresh without answer', at('/refresh', 'cut'), ['answer ok', 'answer ok', 'answer unknown']],
  ['a good token refused', at('/refresh', [401]), ['answer ok', 'answer ok', 'answer wrong']],
  [
    'a revocation that failed',
    at('/revoke', [503]),
    ['answer ok', 'answer ok', 'write ok', 'remove unknown'],
  ],
  [
    'a revocation without answer',
    at('/revoke', 'cut'),
    ['answer ok', 'answer ok', 'write ok', 'remove unknown'],
  ],
] as [string, Handler, string[]][]) {
  test(`${what}: ${expected.at(-1)}, and the journey ends`, async () => {
    await using trip = await travel(bad, [2]);
    expect(trip.lines).toEqual(expected);
  });
}

/** Accepts tokens for ever, used or revoked. */
const forgetful: Handler = ({ path, body }) =>
  path === '/refresh' ? [200, { access: 'a', refresh: `${body['refresh']}+` }] : null;

test('a revoked token accepted at once is wrong, and is read back', async () => {
  await using trip = await travel(forgetful, [1, 2]);
  expect(trip.lines.at(-1)).toBe('answer wrong');
  expect((await trip.readBack()).map(([id]) => id)).toEqual([1, 2]);
  expect(await trip.sessions.tryDead(trip.service.way)).toMatchObject({ tried: 1, accepted: 1 });
});

test('sessions that are gone are not emitted; a service that fails makes the read-back fail', async () => {
  let answer: ReturnType<Handler> = null;
  await using trip = await travel(
    (request: Request) => (request.path === '/refresh' ? answer : null),
    [0, 1],
  );
  answer = [401];
  expect(await trip.readBack()).toEqual([]);
  for (const bad of [[503], 'cut', [200, {}]] as const) {
    answer = bad as ReturnType<Handler>;
    await expect(trip.readBack()).rejects.toThrow(/session \d could not be read back/);
  }
});

test('users that were never seeded are noticed before the load begins', async () => {
  const service = await serve();
  const workload = journeys({
    way: service.way,
    clock: systemClock,
    seed: 1,
    users: 101,
    sessions: new Sessions(),
  });
  await expect(workload.prepare()).rejects.toThrow('user100@example.test cannot log in');
  await service[Symbol.asyncDispose]();
});

test('the same seed and number is the same user, and users are spread', () => {
  const chosen = Array.from({ length: 5000 }, (_, number) => userOf(9, number, 100));
  expect(chosen).toEqual(Array.from({ length: 5000 }, (_, number) => userOf(9, number, 100)));
  expect(new Set(chosen).size).toBe(100);
  expect(chosen).not.toEqual(Array.from({ length: 5000 }, (_, number) => userOf(10, number, 100)));
});
