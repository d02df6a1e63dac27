import mysql from 'mysql2/promise';
import type { Connection, RowDataPacket } from 'mysql2/promise';
import type { BegunWith } from '../../core/begun-with.ts';
import type { Clock } from '../../core/clock.ts';
import type { AttachContext } from '../../core/driver.ts';
import { environmentError, messageOf, MusterError } from '../../core/errors.ts';
import type { Endpoint, Helper, Service } from '../../core/service.ts';
import { serverPort, type MysqlConfig } from './config.ts';
import type { Torn } from './other-engines.ts';
import type { Restoring } from './restoring.ts';

/** The server under test and how to speak with it. */
export interface Site {
  component: string;
  service: Service;
  config: MysqlConfig;
  clock: Clock;
  seed: number;
  password: string;
  clients(): Promise<Endpoint>;
  note(text: string): void;
  beganWith(what: BegunWith): void;
  /** Where the server said, at attach, that its data lies, with no link on the way. No trailing slash. */
  dataFolder: string;
  /** Who owns its files: `uid:gid`, as numbers. */
  owner: string;
  /** `MySQL 9.7.4` */
  server: string;
  /** Another service of the stack. */
  peer(name: string): Service;
  standing: Standing;
  /** Of the recovery point that was restored last; one object for every view of this site. */
  readonly restored: { torn: Torn };
  /** Tables that no snapshot covers and that a note has named. */
  noted?: Set<string> | undefined;
  /** A dump was begun: the log that it names is needed from then on. */
  baseBegun?: boolean | undefined;
  /** The last restored point, and when the service had been started last by then. */
  loaded?: { point: string; startedAt: string } | undefined;
  /** Where that point's server still runs beside the stopped service: a log is to be replayed next. */
  open?: Helper | undefined;
  /** Set while a restore loads its data beside the stopped service. */
  restoring?: Restoring | undefined;
}

/** What this server is there for, as far as the drill told it: what `ready` means depends on it. */
export interface Standing {
  role: 'primary' | 'replica' | 'fenced';
  /** Service that it was last made a replica of. */
  source: string | null;
  /** What a server said of its semi-synchronous replication when it ceased to be a source. */
  semiSyncAtEnd: SemiSync | null;
}

/**
 * `status`: commits wait for a replica. `unacknowledged`: commits that did not, since the server started at
 * `startedAt` (epoch seconds).
 */
export interface SemiSync {
  status: boolean;
  unacknowledged: number;
  acknowledged: number;
  replicas: number;
  startedAt: number;
}

/**
 * For who asks again and again whether a server is there, or whose waiting a recovery would be charged with.
 */
export const probeMs = 1_000;
/** For everything else: a busy machine takes seconds to greet. */
const administrationMs = 10_000;

/** Opens a connection of Muster's own to the service itself, not through the clients' way in. */
async function connect(
  site: Pick<Site, 'service' | 'config' | 'password'>,
  withinMs: number,
): Promise<Connection> {
  const { host, port } = await site.service.endpoint(serverPort);
  return mysql.createConnection({
    host,
    port,
    user: site.config.user,
    password: site.password,
    connectTimeout: withinMs,
    charset: 'utf8mb4',
    timezone: 'Z',
    supportBigNumbers: true,
    bigNumberStrings: true,
    dateStrings: true,
  });
}

export interface Session {
  connection: Connection;
  rows<Row>(sql: string, values?: unknown[]): Promise<Row[]>;
}

/** The server as its clients meet it: wherever a failover has put it. */
export const asClientsMeetIt = <S extends Pick<Site, 'service' | 'clients'>>(site: S): S => {
  const service = new Proxy(site.service, {
    get: (own, name) =>
      name === 'endpoint'
        ? (port: number) => (port === serverPort ? site.clients() : own.endpoint(port))
        : Reflect.get(own, name),
  });
  return { ...site, service };
};

/**
 * Runs work on one connection and closes it. The server's errors pass through. `connectMs`: how long it may
 * take to be let in.
 */
export async function withSession<T>(
  site: Pick<Site, 'service' | 'config' | 'password'>,
  work: (session: Session) => Promise<T>,
  connectMs = administrationMs,
): Promise<T> {
  const connection = await connect(site, connectMs);
  // A connection that dies while idle reports it here as well; the next query on it says so again.
  connection.on('error', () => undefined);
  try {
    const rows = async <Row>(sql: string, values: unknown[] = []): Promise<Row[]> =>
      (await connection.query<RowDataPacket[]>(sql, values))[0] as Row[];
    return await work({ connection, rows });
  } finally {
    connection.destroy();
  }
}

/**
 * The server's own error code (`ER_NO_SUCH_TABLE`), or null for an error that did not come from the server.
 */
export function serverCode(error: unknown): string | null {
  const { code } = error as { code?: unknown };
  return typeof code === 'string' && code.startsWith('ER_') ? code : null;
}

/**
 * Product, version, and data folder as the server calls it. An input error for a MariaDB server, whose GTIDs,
 * dump and log tools are others.
 */
export async function identify(
  context: Pick<AttachContext<MysqlConfig>, 'service' | 'config'>,
  password: string,
): Promise<{ server: string; dataFolder: string }> {
  try {
    return await withSession({ ...context, password }, async ({ rows }) => {
      const [row] = await rows<{ version: string; folder: string }>(
        'SELECT @@version AS version, @@datadir AS folder',
      );
      if (/mariadb/i.test(row!.version))
        throw new MusterError('input', `${context.service.name} is MariaDB`, {
          found: row!.version,
          expected: 'MySQL 8.4 or later',
        });
      return {
        server: `MySQL ${/^[\d.]+/.exec(row!.version)![0]}`,
        dataFolder: row!.folder.replace(/\/+$/, ''),
      };
    });
  } catch (error) {
    if (error instanceof MusterError) throw error;
    throw environmentError(`${context.service.name} does not let Muster in as ${context.config.user}`, {
      found: messageOf(error),
      expected: 'a MySQL server and the right password',
      hint: `the password comes from the secret ${context.config.passwordFrom}`,
      cause: error,
    });
  }
}

/**
 * True when the server does what it is there for: a primary takes queries and writes, a replica answers and
 * receives. From one that was fenced nothing is expected.
 */
export async function isReady(site: Site): Promise<boolean> {
  const { role } = site.standing;
  if (role === 'fenced') return true;
  try {
    return await withSession(
      site,
      async ({ connection }) => {
        const query = async (sql: string): Promise<RowDataPacket[]> =>
          (await connection.query<RowDataPacket[]>({ sql, timeout: probeMs }))[0];
        if (role === 'replica')
          return (await query('SHOW REPLICA STATUS')).some(
            (row) => row['Replica_IO_Running'] === 'Yes' && row['Replica_SQL_Running'] === 'Yes',
          );
        return (
          Number(
            (await query('SELECT @@super_read_only + @@read_only + @@offline_mode AS shut'))[0]!['shut'],
          ) === 0
        );
      },
      probeMs,
    );
  } catch {
    return false;
  }
}

/**
 * Settings that a restore could leave other than they were: durability above all, then what decides how data
 * is read.
 */
const watchedSettings = [
  'innodb_flush_log_at_trx_commit',
  'sync_binlog',
  'innodb_doublewrite',
  'log_bin',
  'gtid_mode',
  'enforce_gtid_consistency',
  'binlog_format',
  'binlog_row_image',
  'super_read_only',
  'read_only',
  'offline_mode',
  'event_scheduler',
  'innodb_page_size',
  'innodb_data_file_path',
  'lower_case_table_names',
  'character_set_server',
  'collation_server',
  'sql_mode',
  'max_allowed_packet',
  'innodb_buffer_pool_size',
  'innodb_redo_log_capacity',
  'time_zone',
];

export type Settings = Record<string, string>;

export async function readSettings(session: Session): Promise<Settings> {
  const variables = await session.rows<{ Variable_name: string; Value: string }>(
    'SHOW GLOBAL VARIABLES WHERE Variable_name IN (?)',
    [watchedSettings],
  );
  const status = await session.rows<{ Variable_name: string; Value: string }>(
    "SHOW GLOBAL STATUS LIKE 'Innodb_redo_log_enabled'",
  );
  return Object.fromEntries(
    [...variables, ...status].map((row) => [row.Variable_name.toLowerCase(), row.Value]),
  );
}

/**
 * Settings by which a server that holds everything may yet be of no use to its application: who gets in, for
 * how long, and what may be asked.
 */
const clientSettings = [
  'max_connections',
  'max_user_connections',
  'max_connect_errors',
  'connect_timeout',
  'wait_timeout',
  'interactive_timeout',
  'net_read_timeout',
  'net_write_timeout',
  'require_secure_transport',
  'init_connect',
  'max_prepared_stmt_count',
  'activate_all_roles_on_login',
  'mandatory_roles',
  'partial_revokes',
  'local_infile',
  'lock_wait_timeout',
  'innodb_lock_wait_timeout',
  'innodb_rollback_on_timeout',
  'max_execution_time',
  'transaction_read_only',
  'transaction_isolation',
  'autocommit',
  'sql_select_limit',
  'max_join_size',
  'sql_big_selects',
  'sql_safe_updates',
  'group_concat_max_len',
  'foreign_key_checks',
  'unique_checks',
  'auto_increment_increment',
  'auto_increment_offset',
  'binlog_expire_logs_seconds',
];

export async function readClientSettings({ rows }: Session): Promise<Settings> {
  const found = await rows<{ Variable_name: string; Value: string }>(
    'SHOW GLOBAL VARIABLES WHERE Variable_name IN (?)',
    [clientSettings],
  );
  return Object.fromEntries(found.map((row) => [row.Variable_name.toLowerCase(), row.Value]));
}

/** Settings that differ, in words: `sync_binlog is 0, was 1`. */
export const settingsChanged = (before: Settings, now: Settings): string[] =>
  Object.keys(before)
    .filter((name) => before[name] !== now[name])
    .map((name) => `${name} is ${now[name] ?? 'gone'}, was ${before[name]}`);

export const quoted = (name: string): string => `\`${name.replaceAll('`', '``')}\``;
