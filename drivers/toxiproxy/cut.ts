import type { ActiveFault, Proof } from '../../core/active-fault.ts';
import { environmentError } from '../../core/errors.ts';
import type { ToxiproxySite } from './toxic.ts';

const undoMs = 30_000;

/**
 * Takes a proxy away: its port refuses connections, and those that were open are closed. Seen from another
 * container: the engine's forwarding accepts before it knows.
 */
export async function cutProxy({ server, service }: ToxiproxySite, name: string): Promise<ActiveFault> {
  const proxy = await server.proxy(name);
  const before = await service.tryConnection(proxy.port);
  if (before.connected !== 'accepted')
    throw environmentError(`the proxy ${name} takes no connections before it is cut`, {
      found: before.connected,
      expected: 'a connection',
    });
  await server.enable(name, false);
  const seen = async (): Promise<Proof | null> => {
    const { connected } = await service.tryConnection(proxy.port);
    if (connected !== 'refused') return null;
    return {
      what: `${name}: connections to port ${proxy.port} are refused, and were accepted before`,
      facts: { proxy: name, port: proxy.port, before: before.connected, connected },
    };
  };
  return {
    facts: { proxy: name, port: proxy.port, before: before.connected },
    route: proxy.port,
    witness: seen,
    stillThere: seen,
    undo: {
      name: `enable the proxy ${name}`,
      deadlineMs: undoMs,
      run: () => server.enable(name, true),
      healed: async () =>
        (await server.proxy(name)).enabled &&
        (await service.tryConnection(proxy.port)).connected === 'accepted',
    },
  };
}
