import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import type { Service } from '../../core/service.ts';
import { isListening } from '../../stack/listening.ts';

const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

/** A port of this machine where every connection is met in this way. */
async function portWhere(meet: (socket: Socket) => void): Promise<number> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    meet(socket);
  }).listen(0, '127.0.0.1');
  closers.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

async function portOfNobody(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

const publishing = (...ports: number[]): Service =>
  ({ ports, endpoint: async (port: number) => ({ host: '127.0.0.1', port }) }) as unknown as Service;
const waits = (): void => undefined;
/** What publishes a port does this where nobody is behind it. */
const ends = (socket: Socket): void => void socket.end();
const resets = (socket: Socket): void => void socket.resetAndDestroy();

test('somebody listens who greets, and who waits for the first word', async () => {
  expect(await isListening(publishing(await portWhere((socket) => socket.write('greetings'))))).toBe(true);
  expect(await isListening(publishing(await portWhere(waits)))).toBe(true);
});

test('nobody listens where a connection is refused, ended or reset', async () => {
  expect(await isListening(publishing(await portOfNobody()))).toBe(false);
  expect(await isListening(publishing(await portWhere(ends)))).toBe(false);
  expect(await isListening(publishing(await portWhere(resets)))).toBe(false);
});

test('one port of several is enough', async () => {
  expect(await isListening(publishing(await portWhere(ends), await portWhere(waits)))).toBe(true);
});

test('nothing is known of a service that publishes nothing, or whose address is not known', async () => {
  expect(await isListening(publishing())).toBe(null);
  const gone = { ports: [1], endpoint: () => Promise.reject(new Error('gone')) } as unknown as Service;
  expect(await isListening(gone)).toBe(null);
});
