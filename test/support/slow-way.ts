import { once } from 'node:events';
import { createConnection, createServer, type AddressInfo, type Socket } from 'node:net';
import { systemClock } from '../../core/clock.ts';
import type { Endpoint, Service } from '../../core/service.ts';

/**
 * A service whose first answer on each connection comes late, as that of a server on a busy machine.
 * Everything passes through unaltered.
 */
export async function slowWay(
  service: Service,
  port: number,
  lateMs: number,
): Promise<{ service: Service; close(): void }> {
  const open = new Set<Socket>();
  const relay = createServer(async (client) => {
    const { host, port: published } = await service.endpoint(port);
    const server = createConnection({ host, port: published });
    for (const one of [client, server]) open.add(one.on('error', () => undefined));
    client.on('close', () => server.destroy()).pipe(server);
    server.on('close', () => client.destroy());
    await systemClock.sleep(lateMs);
    server.pipe(client);
  }).listen(0, '127.0.0.1');
  await once(relay, 'listening');
  const here: Endpoint = { host: '127.0.0.1', port: (relay.address() as AddressInfo).port };
  const slow = new Proxy(service, {
    get: (own, name) => (name === 'endpoint' ? async () => here : Reflect.get(own, name)),
  });
  return {
    service: slow,
    close: () => {
      for (const one of open) one.destroy();
      relay.close();
    },
  };
}
