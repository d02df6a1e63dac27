import { connect } from 'node:net';
import type { Endpoint, Service } from '../core/service.ts';

/** What publishes a port accepts at once, and ends the connection when it finds nobody behind it. */
const endedWithinMs = 50;

/**
 * Whether somebody listens behind one of the ports that the service publishes, as far as a connection tells
 * without a word; null where it publishes none, or it cannot be told. Costs no process in the container, as
 * a health check does.
 */
export async function isListening(service: Service): Promise<boolean | null> {
  if (service.ports.length === 0) return null;
  try {
    const endpoints = await Promise.all(service.ports.map((port) => service.endpoint(port)));
    return (await Promise.all(endpoints.map(staysOpen))).includes(true);
  } catch {
    return null;
  }
}

function staysOpen({ host, port }: Endpoint): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    const tell = (open: boolean): void => {
      socket.destroy();
      resolve(open);
    };
    socket.once('connect', () => socket.setTimeout(endedWithinMs));
    socket.setTimeout(endedWithinMs * 20);
    socket.once('data', () => tell(true));
    socket.once('timeout', () => tell(!socket.connecting));
    for (const ended of ['end', 'error', 'close']) socket.once(ended, () => tell(false));
  });
}
