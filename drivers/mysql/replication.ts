import { randomBytes } from 'node:crypto';
import { pollUntil } from '../../core/clock.ts';
import { environmentError, messageOf } from '../../core/errors.ts';
import { gtidSet } from './gtid.ts';
import { readUuid } from './inventory-state.ts';
import { nothingTorn } from './torn.ts';
import type { MysqlSite } from './site.ts';
import { withSession, type Session } from './session.ts';

/** Accounts of links: no inventory counts them. */
export const linkUserPrefix = 'muster_link_';
const userNameMax = 32;
const lookEveryMs = 50;
/** A source that fell silent is noticed, and a thread that waits for it can be stopped, within this time. */
const silenceSeconds = 6;

/** The same driver's view of another server of the stack: it lets Muster in with the same account. */
export const siteOfPeer = (site: MysqlSite, service: string): MysqlSite => ({
  ...site,
  component: service,
  service: site.peer(service),
  replicaState: { role: 'primary', source: null, semiSyncAtEnd: null },
  restored: { torn: nothingTorn },
});

/** Servers, by their own names, that replication made what they are, since this process began. */
const made = new Set<string>();
export const noteMadeByReplication = async (site: MysqlSite): Promise<void> =>
  void made.add(await withSession(site, readUuid));
export const wasMadeByReplication = (uuid: string): boolean => made.has(uuid);

export interface ReplicaStatus {
  ioRunning: boolean;
  sqlRunning: boolean;
  retrieved: string;
  executed: string;
  host: string;
  error: string | null;
}

/** Null on a server that replicates from nobody. */
export async function replicaStatus({ rows }: Session): Promise<ReplicaStatus | null> {
  const [row] = await rows<Record<string, string>>('SHOW REPLICA STATUS');
  if (!row) return null;
  const tidy = (text: string | undefined): string => (text ?? '').replaceAll(/\s/g, '');
  return {
    ioRunning: row['Replica_IO_Running'] === 'Yes',
    sqlRunning: row['Replica_SQL_Running'] === 'Yes',
    host: row['Source_Host'] ?? '',
    retrieved: tidy(row['Retrieved_Gtid_Set']),
    executed: tidy(row['Executed_Gtid_Set']),
    error: row['Last_SQL_Error'] || null,
  };
}

/** Asks the server itself to compare: what the first set has and the second has not. */
export const executedOf = async ({ rows }: Session): Promise<string> =>
  (await rows<{ executed: string }>('SELECT @@GLOBAL.gtid_executed AS executed'))[0]!.executed.replaceAll(
    /\s/g,
    '',
  );

/** What `ours` holds and `theirs` lacks, in the server's notation; empty when nothing. */
export const missingFrom = (theirs: string, ours: string): string =>
  gtidSet(ours).without(gtidSet(theirs)).toString();

/**
 * An account for the link, one for each replica, with a password that is made here each time anew, told to
 * both servers over their connections and kept nowhere else.
 */
export async function makeAccount(
  source: MysqlSite,
  replica: string,
): Promise<{ user: string; password: string }> {
  const user = `${linkUserPrefix}${replica.replaceAll(/[^A-Za-z0-9-]/g, '_')}`.slice(0, userNameMax);
  const account = `'${user}'@'%'`;
  const password = randomBytes(24).toString('base64url');
  await withSession(source, async ({ rows }) => {
    const [server] = await rows<{ log: string | number; mode: string }>(
      'SELECT @@log_bin AS log, @@gtid_mode AS mode',
    );
    if (String(server!.log) !== '1' || server!.mode !== 'ON')
      throw environmentError(`${source.service.name} cannot be replicated by GTID`, {
        found: `log_bin=${server!.log}, gtid_mode=${server!.mode}`,
        expected: 'a binary log, and gtid_mode=ON',
      });
    await rows(`CREATE USER IF NOT EXISTS ${account} IDENTIFIED BY ?`, [password]);
    await rows(`ALTER USER ${account} IDENTIFIED BY ?`, [password]);
    await rows(`GRANT REPLICATION SLAVE ON *.* TO ${account}`);
  });
  return { user, password };
}

/**
 * Replicates from there by auto-position, for as long as it takes the source to come back each time it is
 * away.
 */
export async function startReplica(
  site: MysqlSite,
  link: { host: string; port: number },
  login: { user: string; password: string },
): Promise<void> {
  await withSession(site, async ({ rows }) => {
    await rows('STOP REPLICA');
    await rows('SET PERSIST replica_net_timeout = ?', [silenceSeconds]);
    await rows(
      `CHANGE REPLICATION SOURCE TO SOURCE_HOST = ?, SOURCE_PORT = ?, SOURCE_USER = ?, SOURCE_PASSWORD = ?, SOURCE_AUTO_POSITION = 1, SOURCE_SSL = 1,
        SOURCE_CONNECT_RETRY = 1, SOURCE_RETRY_COUNT = 86400, SOURCE_HEARTBEAT_PERIOD = 1`,
      [link.host, link.port, login.user, login.password],
    );
    await rows('START REPLICA');
  });
}

/**
 * Waits until the server has executed all of the set. Environment error at the deadline, or as soon as the
 * applier ends with an error.
 */
export async function waitExecuted(
  site: MysqlSite,
  wanted: string,
  withinMs: number,
): Promise<{ waitedMs: number }> {
  const begunMs = site.clock.nowMs();
  let last = '';
  const done = await withSession(site, (session) =>
    pollUntil(site.clock, { everyMs: lookEveryMs, deadlineMs: withinMs }, async () => {
      last = missingFrom(await executedOf(session), wanted);
      if (last === '') return true;
      const status = await replicaStatus(session);
      if (status?.error)
        throw environmentError(`${site.service.name} cannot apply what it was sent`, {
          found: status.error,
          expected: `to execute ${last}`,
        });
      return false;
    }),
  );
  if (!done)
    throw environmentError(`${site.service.name} has not executed everything within ${withinMs / 1000} s`, {
      found: `missing: ${last}`,
      expected: wanted,
    });
  return { waitedMs: Math.round(site.clock.nowMs() - begunMs) };
}

/** What the source has executed by now, asked at the source itself. */
export async function executedBy(source: MysqlSite): Promise<string> {
  return withSession(source, executedOf).catch((error: unknown) => {
    throw environmentError(`${source.service.name} does not say what it has executed`, {
      found: messageOf(error),
      expected: 'the source answering',
      hint: 'a source that is lost cannot be caught up with: promote its replica',
      cause: error,
    });
  });
}
