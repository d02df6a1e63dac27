import { expect, test, vi } from 'vitest';
import { openAt } from './opened.ts';
import { json, serveShop, type Bad } from './shop.ts';
import { sustainCases } from './sustain-cases.ts';

const probes = `
ready: /health
headers: { x-tenant: "7" }
probes:
  health: { get: /health }
  orders: { get: "/orders?after={{sample}}", headers: { accept: application/json } }
  both: [{ get: /health, capture: { status: $.status } }, { get: "/{{status}}" }]
samples: 2
journeys: {}
`;
const guarded = `
ready: { get: /health, auth: false }
auth: { bearer: TOKEN }
probes:
  page: { get: /orders }
  no-token: { get: /orders, auth: false, expect: { status: 401 } }
`;
const expecting = `
ready: /health
probes:
  page: { get: /orders, follow: true, expect: { json: { $.status: up }, within: 1ms } }
`;
/** As patient as a busy machine needs: what is waited for comes, however late. */
const eventually = (check: () => void): Promise<void> => vi.waitFor(check, { timeout: 60_000, interval: 50 });
const sum = (counts: readonly number[]): number => counts.reduce((all, one) => all + one, 0);

test(`${sustainCases.failing.beside}: each is counted, and each request is as the configuration has it`, async () => {
  await using served = await serveShop();
  await using opened = await openAt(served, probes);
  served.shop.seen.length = 0;
  const load = await opened.attached.sustain!({ ratePerSecond: 20, connections: 4 });
  await eventually(() => expect(served.shop.seen.length).toBeGreaterThan(60));
  const figures = await load.stop();
  expect(Object.keys(figures.statuses)).toEqual(['200']);
  expect(figures).toMatchObject({ errors: 0, timeouts: 0 });
  expect(figures.latencyMs!.max).toBeGreaterThanOrEqual(figures.latencyMs!.p50);
  // The last second is not whole, and is in the statuses alone.
  expect(sum(figures.perSecond)).toBeLessThanOrEqual(figures.statuses['200']!);
  expect(Math.max(...figures.perSecond)).toBeGreaterThan(0);
  const asked = new Set(served.shop.seen.map(({ method, path }) => `${method} ${path}`));
  expect(asked).toEqual(new Set(['GET /health', 'GET /orders?after=0', 'GET /orders?after=1']));
  expect(new Set(served.shop.seen.map(({ headers }) => headers['x-tenant']))).toEqual(new Set(['7']));
});

test.each([
  [sustainCases.failing.name, 503],
  [sustainCases.redirected.name, 302],
])('%s are told apart, and are not counted as right', async (_, status) => {
  let down = false;
  await using served = await serveShop({
    bad: (_asked, outgoing) => {
      if (down) outgoing.writeHead(status, { location: '/login' }).end();
      return down || undefined;
    },
  });
  await using opened = await openAt(served, probes);
  const load = await opened.attached.sustain!({ ratePerSecond: 20, connections: 4, requests: ['health'] });
  down = true;
  served.shop.seen.length = 0;
  await eventually(() => expect(served.shop.seen.length).toBeGreaterThan(30));
  const { statuses, perSecond } = await load.stop();
  expect(statuses[status]).toBeGreaterThan(0);
  expect(sum(perSecond)).toBeLessThanOrEqual(statuses['200'] ?? 0);
});

test(sustainCases.redirected.beside, async () => {
  await using served = await serveShop({
    bad: ({ path, headers }, outgoing) =>
      path === '/orders' && !headers.authorization && json(outgoing, 401, {}),
  });
  await using opened = await openAt(served, guarded, { TOKEN: 'token' });
  served.shop.seen.length = 0;
  const load = await opened.attached.sustain!({ ratePerSecond: 20, connections: 4, requests: ['no-token'] });
  await eventually(() => expect(served.shop.seen.length).toBeGreaterThan(60));
  const { statuses, perSecond } = await load.stop();
  expect(Object.keys(statuses)).toEqual(['401']);
  expect(sum(perSecond)).toBeGreaterThan(0);
});

test.each<[string, Bad, RegExp]>([
  [
    sustainCases.wrong.name,
    (_, outgoing) => json(outgoing, 200, { status: 'no database' }),
    /^the probe page of the sustained load is not right .*: GET \/orders: \$\.status of its body/,
  ],
  [
    sustainCases.following.name,
    ({ path }, outgoing) =>
      path === '/orders' ? json(outgoing, 302, {}, { location: '/health' }) : undefined,
    /^the probe page of the sustained load is not right .*: GET \/orders: answered 302, expected 200 to 299/,
  ],
])('%s: the drill ends there', async (_, bad, expected) => {
  await using served = await serveShop({ bad });
  await using opened = await openAt(served, expecting);
  served.shop.seen.length = 0;
  const failure = await opened.attached.sustain!({ ratePerSecond: 20, connections: 4 }).then(
    (load) => load.stop(),
    (error: unknown) => error as Error,
  );
  expect(failure).toMatchObject({ trouble: 'environment', message: expect.stringMatching(expected) });
  expect(served.shop.seen).toHaveLength(1);
});

test(`${sustainCases.wrong.beside}; ${sustainCases.following.beside}`, async () => {
  await using served = await serveShop({
    bad: ({ path }, outgoing) => path === '/orders' && json(outgoing, 200, { status: 'up' }),
  });
  await using opened = await openAt(served, expecting);
  const load = await opened.attached.sustain!({ ratePerSecond: 20, connections: 4 });
  await eventually(() => expect(served.shop.seen.length).toBeGreaterThan(20));
  expect(Object.keys((await load.stop()).statuses)).toEqual(['200']);
});

test('it goes on where the service has moved to, and while nobody is there nothing is answered', async () => {
  await using first = await serveShop();
  const moving = { port: first.port };
  await using opened = await openAt(
    {
      get port() {
        if (moving.port === 0) throw new Error('no address yet');
        return moving.port;
      },
    },
    probes,
  );
  const load = await opened.attached.sustain!({ ratePerSecond: 20, connections: 4 });
  await eventually(() => expect(first.shop.seen.length).toBeGreaterThan(4));
  moving.port = 0;
  await first[Symbol.asyncDispose]();
  await using second = await serveShop();
  moving.port = second.port;
  await eventually(() => expect(second.shop.seen.length).toBeGreaterThan(4));
  const figures = await load.stop();
  expect(figures.errors).toBeGreaterThan(0);
  expect(figures.statuses['200']).toBeGreaterThan(4);
});
