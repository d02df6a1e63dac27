import { connect } from 'node:net';
import { Toxiproxy } from 'toxiproxy-node-client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bringUpReference, type ReferenceStack } from '../fixtures/app/reference-stack.ts';

let reference: ReferenceStack;
let way: Toxiproxy;
beforeAll(async () => {
  reference = await bringUpReference(`client-endpoint-${process.pid}`);
  const { host, port } = await reference.service('toxiproxy').endpoint(8474);
  way = new Toxiproxy(`http://${host}:${port}`);
});
afterAll(() => reference?.down());

/**
 * Whether somebody answers a byte at this port of the way in: TLS, RESP and MySQL each say something to
 * nonsense or a greeting.
 */
async function answers(containerPort: number): Promise<boolean> {
  const { host, port } = await reference.service('toxiproxy').endpoint(containerPort);
  return new Promise((resolve) => {
    const socket = connect(port, host, () => socket.write('PING\r\n\r\n'));
    socket.setTimeout(3_000, () => socket.destroy());
    socket.once('data', () => {
      resolve(true);
      socket.destroy();
    });
    socket.once('error', () => resolve(false));
    socket.once('close', () => resolve(false));
  });
}
const ways = { proxy: 8443, redis: 6379, mysql: 3306 } as const;
const seen = async (): Promise<Record<string, boolean>> =>
  Object.fromEntries(
    await Promise.all(Object.entries(ways).map(async ([name, port]) => [name, await answers(port)])),
  );

describe("the clients' way in", () => {
  it('leads to the proxy, to Redis and to MySQL; the other ways are those of replicas and of the store', async () => {
    const proxies = await way.getAll();
    expect(
      Object.fromEntries(
        Object.values(proxies).map(({ name, upstream, enabled }) => [name, { upstream, enabled }]),
      ),
    ).toEqual({
      proxy: { upstream: 'proxy:443', enabled: true },
      redis: { upstream: 'redis:6379', enabled: true },
      mysql: { upstream: 'mysql:3306', enabled: true },
      'redis-link': { upstream: 'redis:6379', enabled: true },
      'mysql-link': { upstream: 'mysql:3306', enabled: true },
      's3-west': { upstream: 's3-west:7070', enabled: true },
    });
    expect(await seen()).toEqual({ proxy: true, redis: true, mysql: true });
  });
  it.each(Object.keys(ways))('%s can be cut alone, and comes back', async (name) => {
    const proxy = await way.get(name);
    await proxy.update({ enabled: false, listen: proxy.listen, upstream: proxy.upstream });
    expect(await seen()).toEqual({ proxy: true, redis: true, mysql: true, [name]: false });
    await proxy.update({ enabled: true, listen: proxy.listen, upstream: proxy.upstream });
    expect(await seen()).toEqual({ proxy: true, redis: true, mysql: true });
  });
});
