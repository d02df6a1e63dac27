import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { connect, createServer, type TLSSocket } from 'node:tls';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createRunEnvironment } from '../../stack/run-environment.ts';

const [run, other] = await Promise.all([createRunEnvironment(), createRunEnvironment()]);
const server = createServer(
  {
    cert: run.environment['MUSTER_TLS_CERT']!,
    key: run.environment['MUSTER_TLS_KEY']!,
    minVersion: 'TLSv1.3',
  },
  (socket) => socket.end(),
);

beforeAll(async () => void (await once(server.listen(0, '127.0.0.1'), 'listening')));
afterAll(() => void server.close());

async function handshake(ca: string, servername: string): Promise<TLSSocket> {
  const socket = connect({ port: (server.address() as AddressInfo).port, host: '127.0.0.1', ca, servername });
  await once(socket, 'secureConnect');
  socket.destroy();
  return socket;
}

describe('the secrets of one run', () => {
  test.each(['localhost', 'proxy'])(
    "a client that trusts the run's authority connects to %s",
    async (name) => {
      expect((await handshake(run.ca, name)).authorized).toBe(true);
    },
  );

  test('and to 127.0.0.1 by its address', () => {
    expect(new X509Certificate(run.environment['MUSTER_TLS_CERT']!).checkIP('127.0.0.1')).toBe('127.0.0.1');
  });

  test('a client that trusts another run does not', async () => {
    await expect(handshake(other.ca, 'localhost')).rejects.toThrow(
      /unable to verify|self.signed|unable to get/,
    );
  });

  test('nor does one that asks for another name', async () => {
    await expect(handshake(run.ca, 'example.org')).rejects.toThrow(/does not match/);
  });

  test('every run has its own', () => {
    for (const [name, value] of Object.entries(run.environment)) {
      expect(value.length, name).toBeGreaterThanOrEqual(20);
      expect(other.environment[name], name).not.toBe(value);
    }
  });
});
