import { createServer, type AddressInfo, type Socket } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { systemClock } from '../../../core/clock.ts';
import type { Endpoint } from '../../../core/service.ts';
import { exchange, talkOf } from '../../../drivers/toxiproxy/exchange.ts';

const open: { close(): void }[] = [];
afterEach(() => {
  for (const server of open.splice(0)) server.close();
});

async function served(act: (socket: Socket) => void): Promise<Endpoint> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket.on('error', () => undefined));
    act(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  open.push({
    close: () => {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  });
  return { host: '127.0.0.1', port: (server.address() as AddressInfo).port };
}
const refusing = (): Promise<Endpoint> =>
  served((socket) => socket.once('data', () => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')));
const greeting = (): Promise<Endpoint> =>
  served((socket) => {
    socket.write('hello');
    socket.once('data', () => socket.end('bad handshake'));
  });

describe('a talk is found with', () => {
  test('one that speaks first', async () =>
    expect(await talkOf(await greeting(), 'mysql', systemClock)).toMatchObject({ greets: true }));
  test('one that refuses a PING in its own words', async () =>
    expect((await talkOf(await refusing(), 'tls', systemClock)).say(1000).length).toBeLessThan(20));
  test('one that answers it, to which as much can be said as one likes', async () => {
    const redis = await served((socket) => socket.on('data', () => socket.write('+PONG\r\n')));
    expect((await talkOf(redis, 'redis', systemClock)).say(1000).length).toBeGreaterThan(1000);
  });
  test('nobody who closes at once', async () => {
    await expect(talkOf(await served((socket) => socket.end()), 'redis', systemClock)).rejects.toMatchObject({
      trouble: 'environment',
      message: 'nothing answers through the proxy redis',
    });
  });
});

describe('an exchange', () => {
  test('takes until the last byte that is wanted, the greeting among them', async () => {
    const endpoint = await greeting();
    const seen = await exchange(endpoint, systemClock, await talkOf(endpoint, 'mysql', systemClock), {
      want: 18,
      deadlineMs: 2_000,
    });
    expect(seen).toMatchObject({ receivedBytes: 18, sentBytes: 5, tookMs: expect.any(Number) });
  });
  test('is not complete when it ends short of them', async () => {
    const endpoint = await refusing();
    expect(
      await exchange(endpoint, systemClock, await talkOf(endpoint, 'tls', systemClock), {
        want: 1_000,
        deadlineMs: 2_000,
      }),
    ).toMatchObject({ tookMs: null, ended: 'closed', receivedBytes: 28 });
  });
  test('nor when nothing comes, or nobody is there', async () => {
    const silent = await served(() => undefined);
    const talk = { greets: false, say: () => Buffer.from('x') };
    expect(await exchange(silent, systemClock, talk, { want: null, deadlineMs: 100 })).toMatchObject({
      tookMs: null,
      ended: 'open',
      receivedBytes: 0,
    });
    const gone = await served(() => undefined);
    open.pop()!.close();
    expect(await exchange(gone, systemClock, talk, { want: null, deadlineMs: 1_000 })).toMatchObject({
      tookMs: null,
      ended: 'reset',
      receivedBytes: 0,
    });
  });
});
