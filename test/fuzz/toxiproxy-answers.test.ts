import { createServer, type AddressInfo } from 'node:net';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { systemClock } from '../../core/clock.ts';
import type { Service } from '../../core/service.ts';
import { openServer, type ProxyState, type Server } from '../../drivers/toxiproxy/server.ts';
import { anything, changed, changes, readOrRefused } from './bytes.ts';
import { runs, timeLimit } from './mutations.ts';

const proxy = {
  ...{ name: 'db', listen: '0.0.0.0:3307', upstream: 'db:3306', enabled: true },
  toxics: [
    {
      ...{ name: 'slow', type: 'latency', stream: 'downstream', toxicity: 1 },
      attributes: { latency: 50, jitter: 0 },
    },
  ],
};
const spoken = (json: unknown): Buffer => {
  const text = JSON.stringify(json);
  return Buffer.from(
    `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(text)}\r\n\r\n${text}`,
  );
};

let say: Buffer = Buffer.alloc(0);
const listener = createServer((socket) => {
  socket.on('error', () => undefined);
  socket.once('data', () => socket.end(say));
});
let server: Server;
beforeAll(async () => {
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  const { port } = listener.address() as AddressInfo;
  const service = { endpoint: async () => ({ host: '127.0.0.1', port }) } as unknown as Service;
  server = openServer(service, systemClock);
});
afterAll(() => listener.close());

function expectState({ name, port, upstream, enabled, toxics }: ProxyState): void {
  expect([typeof name, typeof upstream, typeof enabled]).toEqual(['string', 'string', 'boolean']);
  expect(Number.isInteger(port)).toBe(true);
  for (const { attributes } of toxics)
    for (const value of Object.values(attributes)) expect(Number.isFinite(value)).toBe(true);
}

describe('whatever Toxiproxy answers', () => {
  test('as it does, it is read', async () => {
    say = spoken({ db: proxy });
    const { listen: _listen, ...rest } = proxy;
    const toxics = proxy.toxics.map(({ toxicity: _toxicity, ...toxic }) => toxic);
    expect(await server.proxy('db')).toEqual({ ...rest, port: 3307, toxics });
  });

  test.each([
    ['nothing', null],
    ['no toxics', { db: { ...proxy, toxics: null } }],
    ['a port without a number', { db: { ...proxy, listen: '0.0.0.0' } }],
    [
      'an attribute that is none',
      { db: { ...proxy, toxics: [{ ...proxy.toxics[0], attributes: { latency: '50' } }] } },
    ],
  ])('where it says %s, that is said, and nothing is taken from it', async (_what, json) => {
    say = spoken(json);
    await expect(server.remove('db', ['slow'])).rejects.toMatchObject({
      trouble: 'environment',
      message: 'Toxiproxy does not list its proxies',
    });
  });

  const near = fc
    .record({
      key: fc.constantFrom('name', 'listen', 'upstream', 'enabled', 'toxics'),
      value: fc.jsonValue(),
    })
    .map(({ key, value }) => spoken({ db: { ...proxy, [key]: value } }));
  const said = fc.oneof(
    { weight: 4, arbitrary: changes.map((all) => all.reduce(changed, spoken({ db: proxy }))) },
    { weight: 4, arbitrary: near },
    { weight: 2, arbitrary: fc.jsonValue().map(spoken) },
    { weight: 1, arbitrary: anything },
  );
  test('it is a state, or an error of ours', { timeout: timeLimit }, async () => {
    await fc.assert(
      fc.asyncProperty(said, async (bytes) => {
        say = bytes;
        await readOrRefused(async () => (await server.proxies()).forEach(expectState));
        await readOrRefused(async () => expect(await server.version()).toEqual(expect.any(String)));
        await readOrRefused(() => server.enable('db', false));
      }),
      runs(100, 20),
    );
  });
});
