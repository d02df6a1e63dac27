import { once } from 'node:events';
import { createConnection, createServer, type AddressInfo, type Socket } from 'node:net';
import { systemClock } from '../../core/clock.ts';
import type { Endpoint, Service } from '../../core/service.ts';

/**
 * Takes connections, and passes everything through unaltered. On each, the server's first answer waits for
 * `until`.
 */
async function relayTo(
  endpoint: () => Promise<Endpoint>,
  until: () => Promise<unknown>,
): Promise<{ here: Endpoint; close(): void }> {
  const open = new Set<Socket>();
  const relay = createServer(async (client) => {
    const held = until();
    const server = createConnection(await endpoint());
    for (const one of [client, server]) open.add(one.on('error', () => undefined));
    client.on('close', () => server.destroy()).pipe(server);
    server.on('close', () => client.destroy());
    await held;
    server.pipe(client);
  }).listen(0, '127.0.0.1');
  await once(relay, 'listening');
  return {
    here: { host: '127.0.0.1', port: (relay.address() as AddressInfo).port },
    close: () => {
      for (const one of open) one.destroy();
      relay.close();
    },
  };
}

/** A service whose first answer on each connection comes late, as that of a server on a busy machine. */
export async function slowWay(
  service: Service,
  port: number,
  lateMs: number,
): Promise<{ service: Service; close(): void }> {
  const { here, close } = await relayTo(
    () => service.endpoint(port),
    () => systemClock.sleep(lateMs),
  );
  const slow = new Proxy(service, {
    get: (own, name) => (name === 'endpoint' ? async () => here : Reflect.get(own, name)),
  });
  return { service: slow, close };
}

/**
 * A way to a server that can be held: connections are taken, as by a frozen server, and hear nothing before
 * they are let through.
 */
export async function heldWay(
  endpoint: () => Promise<Endpoint>,
): Promise<{ here: Endpoint; hold(): void; letThrough(): void; close(): void }> {
  let held = Promise.withResolvers<void>();
  held.resolve();
  const way = await relayTo(endpoint, () => held.promise);
  return {
    ...way,
    hold: () => void (held = Promise.withResolvers<void>()),
    letThrough: () => held.resolve(),
  };
}
