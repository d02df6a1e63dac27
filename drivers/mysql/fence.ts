import type { ActiveFault, Proof } from '../../core/active-fault.ts';
import { environmentError, messageOf } from '../../core/errors.ts';
import type { Json } from '../../core/timeline.ts';
import { powerOff, answered } from '../fencing.ts';
import { replicaStatus } from './replication.ts';
import { attemptWrite } from './write-attempt.ts';
import type { MysqlSite } from './site.ts';
import { probeMs, withSession, type Session } from './session.ts';

/** How long a server may take to close itself before its power is cut. */
const answerMs = 5_000;
const closeMs = 20_000;
/** Read at start by the official image's my.cnf and by Debian's, whatever is on the volume. */
const path = '/etc/mysql/conf.d/zz-muster-fence.cnf';
const closed =
  '# Fenced by a drill: another server is the primary now.\n[mysqld]\nread_only = ON\nsuper_read_only = ON\n';
const harmless = '# Left by a drill: nothing is set here.\n';
const ours = ['system user', 'event_scheduler'];

/** Read-only for everyone, root included, from now on and after every restart. */
export const persistClosed = ({ rows }: Session): Promise<unknown> =>
  rows('SET PERSIST super_read_only = ON');

/** In the container's own layer, running or not: whoever starts it finds it closed from its first moment. */
export const closeAtStart = (site: MysqlSite): Promise<void> => site.service.putFile(path, closed);

/** Takes the closing at start back, where there is one: what the server keeps itself decides again. */
export async function noLongerClosedAtStart(site: MysqlSite): Promise<void> {
  const { code } = await site.service.exec(['test', '-e', path], { deadlineMs: 30_000 });
  if (code === 0) await site.service.putFile(path, harmless);
}

/**
 * Takes writes, now and after every restart. Nothing is persisted for it: that would override a later closing
 * at start.
 */
export async function openForWrites(site: MysqlSite): Promise<void> {
  await site.service.assertOwnPath(site.dataFolder);
  await withSession(site, async ({ rows }) => {
    for (const name of ['super_read_only', 'read_only']) {
      await rows(`RESET PERSIST IF EXISTS ${name}`);
      await rows(`SET GLOBAL ${name} = OFF`);
    }
  });
  await noLongerClosedAtStart(site);
}

/** Sessions of clients, but for replicas that must still get the rest. */
async function endSessions({ rows }: Session): Promise<number> {
  const found = await rows<{ id: string }>(
    "SELECT id FROM performance_schema.processlist WHERE id <> CONNECTION_ID() AND user NOT IN (?) AND command NOT IN ('Daemon', 'Binlog Dump', 'Binlog Dump GTID')",
    [ours],
  );
  // One that has just ended by itself is no failure.
  for (const { id } of found) await rows('KILL ?', [Number(id)]).catch(() => undefined);
  return found.length;
}

/**
 * Makes sure that the server takes no more writes, whatever becomes of it: asked itself where it answers, and
 * its container stopped through the engine where it does not (STONITH). Facts say which, and why.
 */
export async function fence(site: MysqlSite): Promise<Json> {
  // Closing is kept in a file of the data folder.
  await site.service.assertOwnPath(site.dataFolder);
  try {
    if ((await site.service.state()).status !== 'running')
      throw environmentError(`${site.service.name} does not run`);
    const sessionsEnded = await answered(
      site,
      answerMs,
      withSession(
        site,
        async (session) => {
          await persistClosed(session);
          return endSessions(session);
        },
        probeMs,
      ),
    );
    const attempt = await attemptWrite(site);
    if (attempt.write !== 'refused')
      throw environmentError(`${site.service.name} is not closed`, { found: attempt.write });
    site.replicaState.role = 'fenced';
    return {
      how: 'in band',
      what: 'super_read_only is on and persisted',
      sessionsEnded,
      refusal: attempt.said,
    };
  } catch (error) {
    return stopped(site, messageOf(error));
  }
}

async function stopped(site: MysqlSite, why: string): Promise<Json> {
  const { status } = await powerOff(site.service, () => closeAtStart(site));
  site.replicaState.role = 'fenced';
  return {
    how: 'out of band',
    what: 'the engine stopped the container, and a start finds it read-only',
    why,
    status,
  };
}

/** Takes the fence away: the server serves what it has. Refused on a replica, which is promoted instead. */
export async function reopen(site: MysqlSite): Promise<Json> {
  const off = (await site.service.state()).status !== 'running';
  if (off) {
    await closeAtStart(site);
    await site.service.start();
    await site.service.waitHealthy(120_000);
  }
  if (await withSession(site, replicaStatus))
    throw environmentError(`${site.service.name} is a replica`, {
      expected: 'a server of its own',
      hint: 'promote it instead',
    });
  await openForWrites(site);
  site.replicaState.role = 'primary';
  return { started: off };
}

/**
 * A planned closing: reads and replication go on, and every write is refused as read-only. The undo leaves a
 * server alone that was meanwhile fenced or made a replica: that it stays closed is then somebody's
 * intention.
 */
export async function closeWrites(site: MysqlSite): Promise<ActiveFault> {
  const { service } = site;
  await service.assertOwnPath(site.dataFolder);
  const before = await attemptWrite(site);
  if (before.write !== 'accepted')
    throw environmentError(`${service.name} takes no writes before it is closed`, {
      found: before.said,
      expected: 'a server that is open',
    });
  await answered(
    site,
    closeMs,
    withSession(site, ({ rows }) => rows('SET GLOBAL super_read_only = ON')),
  );
  const refused = async (): Promise<Proof | null> => {
    const attempt = await attemptWrite(site);
    return attempt.write === 'refused'
      ? { what: `another session's write is refused: ${attempt.said}`, facts: { said: attempt.said } }
      : null;
  };
  return {
    facts: { setting: 'super_read_only' },
    witness: refused,
    // Closed for good, or another's replica by now: that is somebody's intention.
    stillThere: async () => ((await keptClosed(site)) ? null : refused()),
    undo: {
      name: `open ${service.name} for writes again`,
      deadlineMs: 30_000,
      run: async () => {
        if (!(await keptClosed(site)))
          await withSession(site, async ({ rows }) => {
            await rows('SET GLOBAL super_read_only = OFF');
            await rows('SET GLOBAL read_only = OFF');
          });
      },
      healed: async () => (await keptClosed(site)) || (await attemptWrite(site)).write === 'accepted',
    },
  };
}

/** Off, a replica, or closed in a way that outlives a restart. */
async function keptClosed(site: MysqlSite): Promise<boolean> {
  if ((await site.service.state()).status !== 'running') return site.replicaState.role === 'fenced';
  return withSession(site, async (session) => {
    if (await replicaStatus(session)) return true;
    const [persisted] = await session.rows<{ value: string }>(
      "SELECT variable_value AS value FROM performance_schema.persisted_variables WHERE variable_name = 'super_read_only'",
    );
    return persisted?.value === 'ON';
  });
}
