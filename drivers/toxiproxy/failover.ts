import { once } from 'node:events';
import { createConnection, type Socket } from 'node:net';
import { pollUntil } from '../../core/clock.ts';
import type { Json } from '../../core/timeline.ts';
import { environmentError, inputError, messageOf } from '../../core/errors.ts';
import type { Service } from '../../core/service.ts';
import type { Failover } from './actions.ts';
import { talkOf } from './exchange.ts';
import type { ProxyState } from './server.ts';
import type { ToxiproxySite } from './toxic.ts';

const connectMs = 10_000;
/** A connection listens to its end, and clients wait meanwhile. */
const connectionMs = 300;
const answerMs = 15_000;
const cutMs = 15_000;

/**
 * Moves a proxy to another server: for the clients its address is the virtual one, and this is what a
 * failover moves. Nothing is changed where nobody answers behind the new upstream. Witnessed by a connection
 * from before, which ends, and by an exchange on one from after.
 */
export async function failover(
  { service, server, clock }: ToxiproxySite,
  peer: (name: string) => Service,
  { proxy: name, upstream }: Failover,
): Promise<Json> {
  const proxy = await server.proxy(name);
  if (proxy.upstream === upstream)
    throw inputError(`the proxy ${name} is at ${upstream} already`, {
      found: upstream,
      expected: 'another upstream',
    });
  const at = upstream.lastIndexOf(':');
  // Tried from where the proxy is: another name in the stack's network, and not a published port.
  const [target, port] = [peer(upstream.slice(0, at)), Number(upstream.slice(at + 1))];
  let seen = '';
  const there = await pollUntil(
    clock,
    { everyMs: 100, deadlineMs: answerMs },
    async () =>
      (seen = (await target.tryConnection(port, { deadlineMs: connectionMs })).connected) === 'accepted',
  );
  if (!there)
    throw environmentError(`${upstream} takes no connections: ${name} stays at ${proxy.upstream}`, {
      found: seen,
      expected: 'a server behind the new upstream',
    });

  const old = proxy.enabled ? await openConnection(service, proxy) : null;
  try {
    const begunMs = clock.nowMs();
    await server.move(name, upstream);
    const now = await server.proxy(name);
    if (now.upstream !== upstream || !now.enabled)
      throw environmentError(`the proxy ${name} was not moved`, {
        found: `${now.upstream}, ${now.enabled ? 'up' : 'down'}`,
        expected: `${upstream}, up`,
      });
    if (old && !(await ends(old)))
      throw environmentError(`a connection from before the move is still open at ${name}`, {
        expected: `its end within ${cutMs / 1000} s`,
      });
    await talkOf(await server.endpoint(now), name, clock);
    return {
      proxy: name,
      from: proxy.upstream,
      to: upstream,
      connectionsCut: old !== null,
      tookMs: Math.round(clock.nowMs() - begunMs),
    };
  } finally {
    old?.destroy();
  }
}

async function openConnection(service: Service, { port, name }: ProxyState): Promise<Socket> {
  const { host, port: published } = await service.endpoint(port);
  const socket = createConnection({ host, port: published });
  try {
    await once(socket, 'connect', { signal: AbortSignal.timeout(connectMs) });
  } catch (error) {
    socket.on('error', () => undefined).destroy();
    throw environmentError(`the proxy ${name} cannot be reached`, { found: messageOf(error), cause: error });
  }
  return socket.on('error', () => undefined).resume();
}

async function ends(socket: Socket): Promise<boolean> {
  if (socket.closed || socket.readableEnded) return true;
  // `close` also follows an end by error.
  return once(socket, 'close', { signal: AbortSignal.timeout(cutMs) }).then(
    () => true,
    () => false,
  );
}
