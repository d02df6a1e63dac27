import { pollUntil } from '../../core/clock.ts';
import { environmentError, inputError, messageOf } from '../../core/errors.ts';
import type { Json } from '../../core/timeline.ts';
import { linkTo } from '../link.ts';
import { port } from './config.ts';
import { asksAsBefore, closeAtStart, openForWrites, rememberNeeds, startClosed } from './fence.ts';
import { lentOf } from './lent.ts';
import { configOf, openServer, takesWrites, type Server } from './server.ts';
import type { OtherServer, RedisSite } from './site.ts';
import { attachedPeers, leads } from './peers.ts';
import type { CatchUp, Link } from './replica-params.ts';
import type { Info } from './info.ts';

const lookEveryMs = 25;

/** What a server says of its place in replication. A replica's own offset is that of what it has applied. */
interface Place {
  role: string;
  history: string;
  offset: number;
  linkUp: boolean;
}

const placeOf = (info: Info): Place => ({
  role: info['role'] ?? '',
  history: info['master_replid'] ?? '',
  offset: Number(info[info['role'] === 'slave' ? 'slave_repl_offset' : 'master_repl_offset']),
  linkUp: info['master_link_status'] === 'up',
});
const place = async (server: Server): Promise<Place> => placeOf(await server.info('replication'));

/** Another server of the stack, which lets Muster in as this one does. */
export async function atPeer<T>(
  site: RedisSite,
  name: string,
  work: (server: Server) => Promise<T>,
): Promise<T> {
  const peer = site.peer(name);
  const server = openServer({ ...site.credentials, endpoint: () => peer.endpoint(port) });
  try {
    await server.info('server').catch((error: unknown) => {
      throw environmentError(`${name} does not answer`, {
        found: messageOf(error),
        expected: 'the source of the replication',
        hint: 'a source that is lost cannot be caught up with: promote its replica',
        cause: error,
      });
    });
    return await work(server);
  } finally {
    server.close();
  }
}

/**
 * The source sends its data at once instead of waiting for more replicas that might ask for it (5 s); as it
 * was afterwards.
 */
const sendingAtOnce = <T>(
  source: Server,
  name: string,
  { note }: RedisSite,
  work: () => Promise<T>,
): Promise<T> => lentOf(source, name, note).during('repl-diskless-sync-delay', '0', work);

/**
 * Closed at every start from here on: a replica that restarts has forgotten its source, and must not take
 * writes for it.
 */
export async function replicate(
  site: RedisSite,
  { source, through, within }: Link,
): Promise<{ [key: string]: Json }> {
  if (source === site.service.name) throw inputError(`${source} cannot replicate from itself`);
  const link = linkTo(source, through, port);
  await site.service.assertOwnPath(site.persistence.dir);
  const begunMs = site.clock.nowMs();
  const at = await atPeer(site, source, (server) =>
    sendingAtOnce(server, source, site, async () => {
      await rememberNeeds(site);
      await closeAtStart(site);
      await site.server.run(async (redis) => {
        const { username, password } = site.credentials;
        if (password !== undefined) {
          await redis.config('SET', 'masterauth', password);
          // Without a name the password is that of the default user, whatever name the server had.
          await redis.config('SET', 'masteruser', username ?? '');
        }
        await redis.replicaof(link.host, link.port);
      });
      return reached(site, (await place(server)).offset, within.ms);
    }),
  );
  // It was closed until it was a replica, which takes no writes whatever it asks for.
  await asksAsBefore(site);
  Object.assign(site.replicaState, { role: 'replica', source, servesByStep: false });
  return {
    source,
    through: through ?? null,
    history: at.history,
    offset: at.offset,
    caughtUpAfterMs: Math.round(site.clock.nowMs() - begunMs),
  };
}

/** Waits until the link is up and the server has everything up to the offset. */
async function reached(site: RedisSite, offset: number, withinMs: number): Promise<Place> {
  let last: Place | null = null;
  const there = await pollUntil(site.clock, { everyMs: lookEveryMs, deadlineMs: withinMs }, async () => {
    last = await place(site.server).catch(() => null);
    return last !== null && last.role === 'slave' && last.linkUp && last.offset >= offset ? last : null;
  });
  if (there) return there;
  throw environmentError(`${site.service.name} has not received everything within ${withinMs / 1000} s`, {
    found: JSON.stringify(last),
    expected: `the link up, and offset ${offset}`,
  });
}

/** For a planned switchover: the source must have been closed, or what it accepts after this is not here. */
export async function catchUp(site: RedisSite, { source: named, within }: CatchUp): Promise<Json> {
  const from = named ?? site.replicaState.source;
  if (from === null)
    throw inputError(`${site.service.name} was made a replica of nobody`, {
      expected: 'source: the service to catch up with',
    });
  const source = await atPeer(site, from, async (server) => ({
    ...(await place(server)),
    closed: await refuses(server),
  }));
  if (!source.closed)
    throw environmentError(`${from} still takes writes`, {
      expected: 'a source that was closed for writes or fenced',
      hint: 'what it accepts from now on would be lost',
    });
  const before = await place(site.server);
  if (before.history !== source.history)
    throw environmentError(`${site.service.name} does not replicate from ${from}`, {
      found: `history ${before.history}`,
      expected: source.history,
    });
  const begunMs = site.clock.nowMs();
  const now = await reached(site, source.offset, within.ms);
  return {
    source: from,
    sourceOffset: source.offset,
    offsetBefore: before.offset,
    offset: now.offset,
    waitedMs: Math.round(site.clock.nowMs() - begunMs),
  };
}

/**
 * Whether a write would be refused, without one that could be accepted: as many replicas as it asks for are
 * not there.
 */
async function refuses(server: Server): Promise<boolean> {
  const asked = Number(
    (await server.run((redis) => configOf(redis, ['min-replicas-to-write'])))['min-replicas-to-write'],
  );
  const { min_slaves_good_slaves: good, connected_slaves: connected } = await server.info('replication');
  return asked > Number(good ?? connected ?? 0);
}

/**
 * Redis replicates asynchronously: what had not arrived is not here, and the facts say how far it had come.
 */
export async function promote(site: RedisSite): Promise<Json> {
  const before = await place(site.server);
  if (before.role !== 'slave')
    throw environmentError(`${site.service.name} is no replica`, {
      found: `role ${before.role}`,
      expected: 'a replica to promote',
      hint: 'a server that was only fenced or closed is opened by reopen',
    });
  await site.server.run((redis) => redis.replicaof('NO', 'ONE'));
  await openForWrites(site);
  const after = await place(site.server);
  if (after.role !== 'master')
    throw environmentError(`${site.service.name} was not promoted`, {
      found: `role ${after.role}`,
      expected: 'role master',
    });
  Object.assign(site.replicaState, { role: 'primary', servesByStep: true });
  return {
    linkBefore: before.linkUp ? 'up' : 'down',
    offsetBefore: before.offset,
    offset: after.offset,
    historyBefore: before.history,
    history: after.history,
    needsReplicas: site.replicaState.needsReplicas,
  };
}

/** Closed before it is started or asked anything: nobody writes to it before it is a replica. */
export async function rejoin(site: RedisSite, params: Link): Promise<Json> {
  await site.service.assertOwnPath(site.persistence.dir);
  const started = await startClosed(site);
  const own = await place(site.server);
  const branch = await atPeer(site, params.source, (server) => server.info('replication'));
  // Up to where the new primary shares this one's history, in bytes of the replication stream; null when it
  // does not.
  const shared =
    branch['master_replid2'] === own.history
      ? Number(branch['second_repl_offset']) - 1
      : branch['master_replid'] === own.history
        ? Number(branch['master_repl_offset'])
        : null;
  const facts = await replicate(site, params);
  return {
    started,
    offsetBefore: own.offset,
    sharedUpTo: shared,
    thrownAwayBytes: shared === null ? null : Math.max(0, own.offset - shared),
    ...facts,
  };
}

/**
 * True when the server does what it is there for: a primary answers and takes writes, a replica receives; one
 * that somebody promoted without Muster takes writes, and one that somebody made a replica receives while
 * clients are served elsewhere: at their way in, or, where none is known and no step of the drill had it
 * serve, by the primary that it follows. From one that was fenced nothing is expected.
 */
export async function isInPlace(one: OtherServer): Promise<boolean> {
  const { server, replicaState } = one.site;
  if (replicaState.role === 'fenced') return true;
  if (!(await server.answers())) return false;
  const info = await server.info('replication').catch(() => null);
  if (info === null) return false;
  const now = placeOf(info);
  if (now.role !== 'slave') return takesWrites(server);
  if (!now.linkUp) return false;
  if (replicaState.role === 'replica' || (await servesElsewhere(server, one.asClients))) return true;
  if (replicaState.servesByStep || one.clientsCome()) return false;
  return (await attachedPeers(one.site)).some((peer) => leads(peer, now.history) && peer.takesWrites);
}

/** Another server, which takes writes, is where clients are. */
async function servesElsewhere(server: Server, asClients: Server): Promise<boolean> {
  const ids = await Promise.all([server, asClients].map((one) => one.info('server'))).catch(() => null);
  return ids !== null && ids[0]!['run_id'] !== ids[1]!['run_id'] && takesWrites(asClients);
}

/** What the compose file, or whoever was here before the drill, made of the server. */
export async function roleAtStart(
  server: Server,
): Promise<Pick<RedisSite['replicaState'], 'role' | 'source'>> {
  const { role, master_host: source } = await server.info('replication');
  return role === 'slave' ? { role: 'replica', source: source ?? null } : { role: 'primary', source: null };
}
