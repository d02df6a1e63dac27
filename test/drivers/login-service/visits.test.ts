import { expect, test } from 'vitest';
import { systemClock } from '../../../core/clock.ts';
import { flagWrong, kinds, outcomes } from '../../../core/ledger.ts';
import { visits } from '../../../drivers/login-service/visits.ts';
import { createCertificates } from '../../../stack/certificates.ts';
import { profileOf, serve, type Handler } from './service.ts';

interface Row {
  outcome: number;
  wrong: boolean;
  tookMs: number;
}
const { certificate, expired, wrong, key, ca } = await createCertificates();

/**
 * One visit to whatever listens at the ports, the second one once the first was lost; what was recorded of
 * each request.
 */
async function visit(ports: number[], { name = 'localhost', times = 1 } = {}): Promise<Row[]> {
  const rows: Row[] = [];
  let asked = 0;
  const clients = async () => ({ host: '127.0.0.1', port: ports[Math.min(asked++, ports.length - 1)]! });
  const client = await visits({
    clients,
    prefix: '',
    tls: { name, ca },
    clock: systemClock,
    seed: 7,
    users: 100,
    prepare: async () => undefined,
  }).open({
    record: (kind, outcome, _id, _group, invokedMs, endedMs, _low, _high, flags) => {
      expect(kind).toBe(kinds.answer);
      rows.push({ outcome, wrong: flags === flagWrong, tookMs: endedMs - invokedMs });
    },
  });
  for (let number = 0; number < times; number += 1) await client.journey(number);
  await client.close();
  return rows;
}
const seen = (rows: Row[]): string[] =>
  rows.map(({ outcome, wrong: isWrong }) =>
    isWrong ? 'wrong' : Object.entries(outcomes).find(([, value]) => value === outcome)![0],
  );
const right = { cert: certificate, key };

async function withService(bad: Handler, tls = right): Promise<{ rows: Row[]; asked: string[] }> {
  await using service = await serve(bad, tls);
  return { rows: await visit([service.port]), asked: service.seen };
}

test('a visitor logs in and looks at the profile, and each answer is in the record with its time', async () => {
  const { rows, asked } = await withService(() => null);
  expect(asked).toEqual(['POST /login', 'GET /profile']);
  expect(seen(rows)).toEqual(['ok', 'ok']);
  for (const { tookMs } of rows) expect(tookMs).toBeGreaterThan(0);
});

test.each<[string, Handler, string[]]>([
  [
    "another one's profile",
    ({ path }) => (path === '/profile' ? [200, profileOf(99)] : null),
    ['ok', 'wrong'],
  ],
  [
    'a profile that does not fit its digest',
    ({ path }) =>
      path === '/profile' ? [200, { ...profileOf(1), bio: 'x [sha256:0000000000000000]' }] : null,
    ['ok', 'wrong'],
  ],
  ['tokens left out', ({ path }) => (path === '/login' ? [200, {}] : null), ['wrong', 'wrong']],
  ['the right password refused', ({ path }) => (path === '/login' ? [401] : null), ['wrong', 'wrong']],
  ['a dependency away', () => [503], ['fail', 'fail']],
  [
    'the connection cut after the login was read',
    ({ path }) => (path === '/login' ? 'cut' : null),
    ['unknown', 'unknown'],
  ],
  [
    'the connection cut after the profile was asked for',
    ({ path }) => (path === '/profile' ? 'cut' : null),
    ['ok', 'unknown'],
  ],
])('not right: %s', async (_name, bad, expected) =>
  expect(seen((await withService(bad)).rows)).toEqual(expected),
);

test('no answer is waited for longer than three seconds, and then nobody knows', async () => {
  const { rows } = await withService(({ path }) => (path === '/profile' ? 'hang' : null));
  expect(seen(rows)).toEqual(['ok', 'unknown']);
  expect(rows[1]!.tookMs).toBeGreaterThan(2_900);
});

test.each([
  ['by an authority that nobody trusts', { cert: wrong, key }],
  ['that is expired', { cert: expired, key }],
])('an answer under a certificate %s is none', async (_name, tls) => {
  const { rows } = await withService(() => null, tls);
  expect(seen(rows)).toEqual(['unknown', 'unknown']);
});

test('an answer under a certificate for another name is none', async () => {
  await using service = await serve(() => null, right);
  expect(seen(await visit([service.port], { name: 'elsewhere.example' }))).toEqual(['unknown', 'unknown']);
});

test('a service that is gone is asked for anew, and found where it is now', async () => {
  const gone = await serve(() => null, right);
  await gone[Symbol.asyncDispose]();
  await using service = await serve(() => null, right);
  const rows = await visit([gone.port, service.port], { times: 2 });
  expect(seen(rows)).toEqual(['fail', 'fail', 'ok', 'ok']);
});
