import { expect, test, vi } from 'vitest';
import { openAt } from './opened.ts';
import { serveShop } from './shop.ts';

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
/** As patient as a busy machine needs: what is waited for comes, however late. */
const eventually = (check: () => void): Promise<void> => vi.waitFor(check, { timeout: 60_000, interval: 50 });
const sum = (counts: readonly number[]): number => counts.reduce((all, one) => all + one, 0);

test('every right answer is counted, and each request is as the configuration has it', async () => {
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

test('answers that say no are told apart, and are not counted as right', async () => {
  let down = false;
  await using served = await serveShop({
    bad: (_, outgoing) => {
      if (down) outgoing.writeHead(503).end();
      return down || undefined;
    },
  });
  await using opened = await openAt(served, probes);
  const load = await opened.attached.sustain!({ ratePerSecond: 20, connections: 4, requests: ['health'] });
  down = true;
  served.shop.seen.length = 0;
  await eventually(() => expect(served.shop.seen.length).toBeGreaterThan(30));
  const { statuses, perSecond } = await load.stop();
  expect(statuses['503']).toBeGreaterThan(0);
  expect(sum(perSecond)).toBeLessThanOrEqual(statuses['200'] ?? 0);
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
