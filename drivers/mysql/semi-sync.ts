import { pollUntil } from '../../core/clock.ts';
import type { Check, CheckOutcome } from '../../core/driver.ts';
import { environmentError } from '../../core/errors.ts';
import type { Json } from '../../core/timeline.ts';
import type { SemiSync, MysqlSite } from './site.ts';
import { withSession, type Session } from './session.ts';

const attachMs = 60_000;
const plugins = { rpl_semi_sync_source: 'semisync_source.so', rpl_semi_sync_replica: 'semisync_replica.so' };

/**
 * Both plugins, on the source: a copy of it brings them along, where INSTALL PLUGIN would be refused as a
 * write.
 */
export async function installPlugins({ rows }: Session): Promise<void> {
  const there = await rows<{ name: string }>(
    'SELECT plugin_name AS name FROM information_schema.plugins WHERE plugin_name IN (?)',
    [Object.keys(plugins)],
  );
  for (const [name, file] of Object.entries(plugins)) {
    if (!there.some((one) => one.name.toLowerCase() === name))
      await rows(`INSTALL PLUGIN ${name} SONAME '${file}'`);
  }
}

/** Once the replica is there: before that, every commit would wait for nobody. */
export async function enableAtSource(source: MysqlSite, fallbackMs: number): Promise<void> {
  await withSession(source, async (session) => {
    await session.rows('SET PERSIST rpl_semi_sync_source_timeout = ?', [fallbackMs]);
    await session.rows('SET PERSIST rpl_semi_sync_source_enabled = ON');
    const on = await pollUntil(source.clock, { everyMs: 50, deadlineMs: attachMs }, async () => {
      const state = await semiSyncOf(session);
      return state?.status && state.replicas > 0;
    });
    if (!on)
      throw environmentError(`${source.service.name} has no replica that its commits could wait for`, {
        found: JSON.stringify(await semiSyncOf(session)),
        expected: 'semi-synchronous replication on, and a replica',
      });
  });
}

export async function enableAtReplica({ rows }: Session): Promise<void> {
  await rows('SET PERSIST rpl_semi_sync_replica_enabled = ON');
}

/**
 * Without this, what it applies would wait for a replica that it does not have. Notes what it said of itself
 * until now.
 */
export async function endAsSource(site: MysqlSite): Promise<void> {
  await withSession(site, async (session) => {
    const state = await semiSyncOf(session);
    if (state === null) return;
    // A server that never was a source has nothing to say.
    if (state.status || state.acknowledged + state.unacknowledged > 0)
      site.replicaState.semiSyncAtEnd = state;
    await session.rows('SET PERSIST rpl_semi_sync_source_enabled = OFF');
  });
}

/** Null where the plugin is not there. */
export async function semiSyncOf({ rows }: Session): Promise<SemiSync | null> {
  const found = await rows<{ Variable_name: string; Value: string }>(
    "SHOW GLOBAL STATUS WHERE Variable_name IN ('Rpl_semi_sync_source_status', 'Rpl_semi_sync_source_no_tx', 'Rpl_semi_sync_source_yes_tx', 'Rpl_semi_sync_source_clients')",
  );
  const value = (name: string): string | undefined =>
    found.find((row) => row.Variable_name.toLowerCase() === `rpl_semi_sync_source_${name}`)?.Value;
  if (value('status') === undefined) return null;
  const [clock] = await rows<{ started: string | number }>(
    "SELECT ROUND(UNIX_TIMESTAMP() - VARIABLE_VALUE) AS started FROM performance_schema.global_status WHERE VARIABLE_NAME = 'Uptime'",
  );
  return {
    status: value('status') === 'ON',
    unacknowledged: Number(value('no_tx')),
    acknowledged: Number(value('yes_tx')),
    replicas: Number(value('clients')),
    startedAt: Number(clock!.started),
  };
}

/**
 * "Nothing acknowledged can be lost" holds only while every commit waited for a replica: the source falls
 * back to asynchronous replication by itself after its timeout, and says so nowhere but in these counters.
 */
export const semiSyncCheck = (site: MysqlSite): Check => ({
  before: async () => (await withSession(site, semiSyncOf)) as unknown as Json,
  after: async (baseline): Promise<CheckOutcome> => {
    const before = baseline as unknown as SemiSync | null;
    const now = site.replicaState.semiSyncAtEnd ?? (await withSession(site, semiSyncOf));
    return semiSyncVerdict(before, now);
  },
});

export function semiSyncVerdict(before: SemiSync | null, now: SemiSync | null): CheckOutcome {
  const facts = { before, now } as unknown as Json;
  if (before === null || !before.status)
    return {
      verdict: 'fail',
      detail: 'the source did not wait for a replica to begin with: semi-synchronous replication was off',
      facts,
    };
  if (now === null)
    return { verdict: 'inconclusive', detail: 'the server no longer says how it replicates', facts };
  // Uptime is told in whole seconds.
  if (Math.abs(now.startedAt - before.startedAt) > 2)
    return {
      verdict: 'inconclusive',
      detail: 'the server was started anew, and with it the counters: what it did before is not known',
      facts,
    };
  const alone = now.unacknowledged - before.unacknowledged;
  if (alone > 0)
    return {
      verdict: 'fail',
      detail: `the source fell back to asynchronous replication: ${alone} transactions were acknowledged to clients before any replica had them`,
      facts,
    };
  if (!now.status)
    return {
      verdict: 'fail',
      detail: 'the source no longer waits for a replica: semi-synchronous replication is off',
      facts,
    };
  const waited = now.acknowledged - before.acknowledged;
  if (waited === 0)
    return { verdict: 'inconclusive', detail: 'nothing was committed while it was watched', facts };
  return {
    verdict: 'pass',
    detail: `each of ${waited} transactions was with a replica before its client had the answer`,
    facts,
  };
}
