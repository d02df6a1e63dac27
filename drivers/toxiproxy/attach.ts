import type { AttachContext } from '../../core/driver.ts';
import type { Json } from '../../core/timeline.ts';
import type { Drift } from './drift.ts';
import { failover } from './failover.ts';
import { openServer, type ProxyState, type Server } from './server.ts';
import { cutProxy } from './cut.ts';
import { toxic, type ToxiproxySite } from './toxic.ts';
import type { Toxiproxy } from './route-fault.ts';

export async function open({ service, clock, seed, peer }: AttachContext<object>): Promise<Toxiproxy> {
  const server = openServer(service, clock);
  const version = await server.version();
  const enabled = (await server.proxies()).filter((proxy) => proxy.enabled).map(({ name }) => name);
  const drifts = new Set<Drift>();
  let number = 0;
  const site: ToxiproxySite = { service, server, clock, seed, drifts, nextNumber: () => (number += 1) };
  const stopDrifts = (): Promise<unknown> => Promise.all([...drifts].map((drift) => drift.stop()));
  return {
    server: `Toxiproxy ${version}`,
    service,
    workload: null,
    toxic: (spec) => toxic(site, spec),
    cut: (proxy) => cutProxy(site, proxy),
    resetWay: () => resetWay(server, enabled, stopDrifts),
    failover: (to) => failover(site, peer, to),
    ready: () =>
      server.proxies().then(
        (proxies) => enabled.every((name) => proxies.some((proxy) => proxy.name === name && proxy.enabled)),
        () => false,
      ),
    close: async () => void (await stopDrifts()),
  };
}

/** What the server's own `/reset` does, except that a proxy which its configuration keeps down stays down. */
async function resetWay(
  server: Server,
  enabled: readonly string[],
  stopDrifts: () => Promise<unknown>,
): Promise<Json> {
  await stopDrifts();
  const proxies = await server.proxies();
  const removed = proxies.flatMap(({ name, toxics }: ProxyState) =>
    toxics.map((one) => ({ proxy: name, toxic: one.name })),
  );
  for (const { name, toxics } of proxies)
    await server.remove(
      name,
      toxics.map((one) => one.name),
    );
  const raised = proxies
    .filter((proxy) => !proxy.enabled && enabled.includes(proxy.name))
    .map(({ name }) => name);
  for (const name of raised) await server.enable(name, true);
  return { removed, enabled: raised };
}
