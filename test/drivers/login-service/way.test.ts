import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { openWay } from '../../../drivers/login-service/way.ts';
import { serve } from './service.ts';

const to = (ports: number[]) => {
  const asked: number[] = [];
  const way = openWay({
    clients: async () => {
      asked.push(ports[Math.min(asked.length, ports.length - 1)]!);
      return { host: '127.0.0.1', port: asked.at(-1)! };
    },
    prefix: '/auth',
    tls: null,
  });
  return { way, asked };
};

/** A port that was free a moment ago: nothing listens there. */
const deadPort = (): Promise<number> =>
  new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });

test('an answer is passed on with its status, whatever the status, and the prefix stands before the path', async () => {
  await using service = await serve(({ path }) =>
    path === '/auth/there' ? [418, { kind: 'teapot' }] : null,
  );
  const { way } = to([service.port]);
  expect(await way.send('GET', '/there')).toMatchObject({
    kind: 'answer',
    status: 418,
    body: { kind: 'teapot' },
  });
  await way.close();
});

test('a connection refused is certain to have done nothing, and the address is asked for again', async () => {
  await using service = await serve(() => [200, {}]);
  const { way, asked } = to([await deadPort(), service.port]);
  expect(await way.send('POST', '/x', { body: {} })).toMatchObject({
    kind: 'none',
    certain: true,
    error: expect.stringContaining('ECONNREFUSED'),
  });
  expect(await way.send('POST', '/x', { body: {} })).toMatchObject({ kind: 'answer', status: 200 });
  await way.send('POST', '/x', { body: {} });
  expect(asked).toHaveLength(2);
  await way.close();
});

test('an address that cannot be had is asked for again', async () => {
  await using service = await serve(() => [200, {}]);
  let times = 0;
  const way = openWay({
    clients: async () => {
      times += 1;
      if (times === 1) throw new Error('the container has no address yet');
      return { host: '127.0.0.1', port: service.port };
    },
    prefix: '',
    tls: null,
  });
  expect(await way.send('GET', '/x')).toMatchObject({
    kind: 'none',
    error: 'the container has no address yet',
  });
  expect(await way.send('GET', '/x')).toMatchObject({ kind: 'answer', status: 200 });
  await way.close();
});

test('no answer in time, and a connection cut after the request, leave it unknown', async () => {
  for (const bad of ['hang', 'cut'] as const) {
    await using service = await serve(() => bad);
    const begun = performance.now();
    expect(await service.way.send('POST', '/x', { body: {}, deadlineMs: 150 })).toMatchObject({
      kind: 'none',
      certain: false,
    });
    expect(performance.now() - begun).toBeLessThan(1500);
  }
});

test('a server that does not speak TLS is never sent anything', async () => {
  await using service = await serve();
  const way = openWay({
    clients: async () => ({ host: '127.0.0.1', port: service.port }),
    prefix: '',
    tls: { name: 'localhost', ca: '' },
  });
  expect(await way.send('GET', '/x')).toMatchObject({ kind: 'none', certain: true });
  expect(service.seen).toEqual([]);
  await way.close();
});
