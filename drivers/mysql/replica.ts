import { environmentError, inputError, messageOf } from '../../core/errors.ts';
import type { Json } from '../../core/timeline.ts';
import { linkTo } from '../link.ts';
import { serverPort } from './config.ts';
import { copyOfSource } from './copy-of-source.ts';
import { closeAtStart, noLongerClosedAtStart, openForWrites, persistClosed } from './fence.ts';
import { gtidSet } from './gtid.ts';
import {
  executedBy,
  executedOf,
  makeAccount,
  missingFrom,
  noteMadeByReplication,
  replicaStatus,
  siteOfPeer,
  startReplica,
  waitExecuted,
} from './replication.ts';
import { enableAtReplica, enableAtSource, endAsSource, installPlugins } from './semi-sync.ts';
import { assertOwnData } from './own-data.ts';
import type { CatchUp, Link, Promote, Rejoin } from './replica-params.ts';
import type { MysqlSite } from './site.ts';
import { withSession } from './session.ts';

const readyMs = 120_000;

export async function replicate(site: MysqlSite, params: Link): Promise<Json> {
  if (params.source === site.service.name) throw inputError(`${params.source} cannot replicate from itself`);
  const source = siteOfPeer(site, params.source);
  for (const one of [site, source]) await assertOwnData(one);
  if (params.semiSync) await withSession(source, installPlugins);
  const login = await makeAccount(source, site.service.name);
  const copied = await copyOfSource(site, source);
  return { copied, ...(await follow(site, source, params, login)) };
}

/** Starts replication into a server that already holds a part of the source's history and takes no writes. */
async function follow(
  site: MysqlSite,
  source: MysqlSite,
  params: Link,
  login: { user: string; password: string },
): Promise<{ [key: string]: Json }> {
  if (params.semiSync) await withSession(site, enableAtReplica);
  const to = linkTo(params.source, params.through, serverPort);
  await startReplica(site, to, login);
  const { waitedMs } = await waitExecuted(site, await executedBy(source), params.within.ms);
  if (params.semiSync) await enableAtSource(source, params.fallbackAfter.ms);
  await noteMadeByReplication(site);
  site.replicaState.role = 'replica';
  site.replicaState.source = params.source;
  return {
    source: params.source,
    through: params.through ?? null,
    semiSync: params.semiSync,
    caughtUpAfterMs: waitedMs,
  };
}

/**
 * For a planned switchover: the source must have been closed, or what it accepts after this is not here.
 * Compared by GTID sets, asked at both.
 */
export async function catchUp(site: MysqlSite, { source: named, within }: CatchUp): Promise<Json> {
  const from = named ?? site.replicaState.source;
  if (from === null)
    throw inputError(`${site.service.name} was made a replica of nobody`, {
      expected: 'source: the service to catch up with',
    });
  const source = siteOfPeer(site, from);
  const open = await withSession(
    source,
    async ({ rows }) => (await rows<{ closed: string | number }>('SELECT @@super_read_only AS closed'))[0]!,
  ).catch((error: unknown) => {
    throw environmentError(`${from} does not answer`, {
      found: messageOf(error),
      expected: 'the closed source of a planned switchover',
      hint: 'a source that is lost cannot be caught up with: promote its replica',
      cause: error,
    });
  });
  if (String(open.closed) !== '1')
    throw environmentError(`${from} still takes writes`, {
      found: 'super_read_only=OFF',
      expected: 'a source that was closed for writes or fenced',
      hint: 'what it accepts from now on would be lost',
    });
  const before = await withSession(site, executedOf);
  const executed = await executedBy(source);
  const { waitedMs } = await waitExecuted(site, executed, within.ms);
  return { source: from, executed, applied: gtidSet(missingFrom(before, executed)).count(), waitedMs };
}

/**
 * RESET REPLICA ALL throws away relay logs that are not applied yet, so that it comes after everything
 * received was executed, and not at all where that does not happen.
 */
export async function promote(site: MysqlSite, { within }: Promote): Promise<Json> {
  const seen = await withSession(site, async (session) => {
    const status = await replicaStatus(session);
    if (status === null)
      throw environmentError(`${site.service.name} is no replica`, {
        expected: 'a replica to promote',
        hint: 'a server that was only fenced or closed is opened by reopen',
      });
    const [semiSync] = await session.rows<{ Value: string }>(
      "SHOW GLOBAL STATUS LIKE 'Rpl_semi_sync_replica_status'",
    );
    await session.rows('STOP REPLICA IO_THREAD');
    await session.rows('START REPLICA SQL_THREAD');
    const { retrieved } = (await replicaStatus(session))!;
    return {
      retrieved,
      linked: status.ioRunning,
      semiSync: semiSync?.Value ?? null,
      before: await executedOf(session),
    };
  });
  const { waitedMs } = await waitExecuted(site, seen.retrieved, within.ms);
  const executed = await withSession(site, async (session) => {
    await session.rows('STOP REPLICA');
    const unapplied = missingFrom(await executedOf(session), seen.retrieved);
    if (unapplied !== '')
      throw environmentError(`${site.service.name} has not applied what it received`, {
        found: unapplied,
        expected: seen.retrieved,
      });
    await session.rows('RESET REPLICA ALL');
    return executedOf(session);
  });
  await openForWrites(site);
  site.replicaState.role = 'primary';
  return {
    executed,
    retrieved: seen.retrieved,
    appliedMeanwhile: gtidSet(missingFrom(seen.before, executed)).count(),
    waitedMs,
    sourceWasLinked: seen.linked,
    semiSyncReplica: seen.semiSync,
  };
}

/**
 * Whether it may: a transaction that only the old primary holds was never in the new one's history, and stays
 * apart from it for ever. Closed before anything else, and where it is off already, before it starts.
 */
export async function rejoin(site: MysqlSite, { rebuild, ...params }: Rejoin): Promise<Json> {
  const source = siteOfPeer(site, params.source);
  for (const one of [site, source]) await assertOwnData(one);
  const began = await begin(site);
  const own = began.error === null ? await withSession(site, executedOf) : null;
  if (own === null && !rebuild)
    throw environmentError(`${site.service.name} does not come up`, {
      found: began.error!,
      expected: 'a server that says what it holds',
      hint: 'rebuild: true copies it anew',
    });
  const errant = own === null ? null : missingFrom(await executedBy(source), own);
  if (errant && !rebuild) {
    throw environmentError(`${site.service.name} holds transactions that ${params.source} lacks`, {
      found: errant,
      expected: 'none',
      hint: 'they are lost to the clients already; rebuild: true throws them away here as well',
    });
  }
  if (params.semiSync) await withSession(source, installPlugins);
  const login = await makeAccount(source, site.service.name);
  const copied = rebuild ? await copyOfSource(site, source) : null;
  const facts = await follow(site, source, params, login);
  await noLongerClosedAtStart(site);
  return {
    errant,
    errantCount: errant === null ? null : gtidSet(errant).count(),
    rebuilt: copied,
    started: began.started,
    ...facts,
  };
}

/** Up and closed, and no longer a source whose commits wait for a replica. */
async function begin(site: MysqlSite): Promise<{ started: boolean; error: string | null }> {
  const started = (await site.service.state()).status !== 'running';
  try {
    if (started) {
      await closeAtStart(site);
      await site.service.start();
      await site.service.waitHealthy(readyMs);
    }
    await withSession(site, persistClosed);
    await endAsSource(site);
    return { started, error: null };
  } catch (error) {
    return { started, error: messageOf(error) };
  }
}
