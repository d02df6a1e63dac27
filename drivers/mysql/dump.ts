import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { BackupMethod, Consistency, Sink } from '../../core/backup.ts';
import { environmentError, messageOf } from '../../core/errors.ts';
import type { Json } from '../../core/timeline.ts';
import { dumpOptions, type DumpOptions } from './config.ts';
import { watchDump, type DumpHead } from './dump-file.ts';
import { readFormative } from './formative.ts';
import { persistedIn, persistedName, readPersisted } from './persisted.ts';
import { assertRestorable } from './restorable.ts';
import { noteTables, tablesWithoutSnapshot, tornDuring, writesTo } from './other-engines.ts';
import { tornFacts, type OtherTable, type Torn } from './torn.ts';
import type { MysqlSite } from './site.ts';
import { withSession, type Session } from './session.ts';
import { readSettings, type Settings } from './server-settings.ts';

export const dumpName = 'dump.sql';

interface ServerFacts {
  uuid: string;
  tool: string;
  gtid: boolean;
  log: boolean;
  settings: Settings;
  formative: Settings;
  persisted: string | null;
  notTransactional: OtherTable[];
  databases: string[];
}

/**
 * A consistent logical copy of everything: data, routines, events, triggers, accounts and grants. Definitions
 * cannot change while it runs (LOCK INSTANCE FOR BACKUP), because a snapshot does not hold for a table that
 * was altered under it. That lock comes after the read lock that opens the snapshot: a definition, or the
 * event scheduler, that waits for the first holds up the second, and with it every write. mysqldump itself
 * refuses a table that was altered in between.
 */
export const backupDump =
  (site: MysqlSite): NonNullable<BackupMethod['backup']> =>
  async (to, { options, signal, now }) => {
    const parsed = dumpOptions.parse(options);
    return withSession(site, async (session) => {
      // A dump of many hours leaves this session idle for as long.
      await session.rows('SET SESSION wait_timeout = 31536000');
      await assertRestorable(site, session);
      const facts = await serverFacts(site, session);
      site.baseBegun = true;
      noteTables(site, facts.notTransactional);
      const writes = await writesTo(session, facts.notTransactional);
      // Before mysqldump is even started, hence before its snapshot opens: what was acknowledged by now is in
      // it. Early, never late.
      const atMs = now();
      const head = await stream(site, to, facts, {
        options: parsed,
        signal,
        opened: () => lockDefinitions(session, parsed),
      });
      if (facts.persisted !== null)
        await to.put(persistedName, Readable.from([Buffer.from(facts.persisted)]));
      // The lock goes with the session: only a session that lived to this point has held it throughout.
      await session.rows('UNLOCK INSTANCE').catch((error: unknown) => {
        throw environmentError('the lock on definitions was lost during the dump', {
          found: messageOf(error),
          expected: 'a lock that holds to the end',
          cause: error,
        });
      });
      const torn = await tornDuring(session, facts.notTransactional, writes);
      return consistency(site, atMs, facts, { ...head, torn }, parsed);
    });
  };

async function lockDefinitions(session: Session, { lockWaitSeconds }: DumpOptions): Promise<void> {
  await session.rows('SET SESSION lock_wait_timeout = ?', [lockWaitSeconds]);
  await session.rows('LOCK INSTANCE FOR BACKUP').catch((error: unknown) => {
    throw environmentError('definitions cannot be kept from changing during the dump', {
      found: messageOf(error),
      expected: `the backup lock within ${lockWaitSeconds} s`,
      hint: 'something is altering tables, or the account lacks BACKUP_ADMIN',
      cause: error,
    });
  });
}

async function serverFacts(site: MysqlSite, session: Session): Promise<ServerFacts> {
  const [row] = await session.rows<{ uuid: string; mode: string; log: number | string }>(
    'SELECT @@server_uuid AS uuid, @@gtid_mode AS mode, @@log_bin AS log',
  );
  const databases = await session.rows<{ name: string }>(
    'SELECT schema_name AS name FROM information_schema.schemata',
  );
  // Two processes in the container, which need not wait for each other.
  const [version, persisted] = await Promise.all([
    site.service.exec(['mysqldump', '--version'], { deadlineMs: 30_000 }),
    readPersisted(site, session),
  ]);
  return {
    uuid: row!.uuid,
    tool: version.stdout.trim(),
    gtid: row!.mode.startsWith('ON'),
    log: String(row!.log) === '1',
    settings: await readSettings(session),
    formative: await readFormative(session),
    persisted,
    notTransactional: await tablesWithoutSnapshot(site, session),
    databases: databases.map(({ name }) => name),
  };
}

interface Streaming {
  options: DumpOptions;
  signal: AbortSignal;
  /** Called when the snapshot is open; the dump fails with it. */
  opened(): Promise<void>;
}

async function stream(
  site: MysqlSite,
  to: Sink,
  facts: ServerFacts,
  { options, signal, opened }: Streaming,
): Promise<DumpHead & { sha256: string }> {
  const running = await site.service.spawn(dumpCommand(site, facts, options), {
    env: { MYSQL_PWD: site.password },
    signal,
  });
  const watch = watchDump(() => running.done, options.floorBytes, opened);
  const piped = pipeline(running.stdout, watch.stream);
  const put = to.put(dumpName, watch.stream);
  put.catch((error: Error) => watch.stream.destroy(error));
  // Whoever cleans up after a failure must not meet a write that is still under way.
  const [sent, stored] = await Promise.allSettled([piped, put]);
  if (sent.status === 'fulfilled' && stored.status === 'fulfilled')
    return { ...watch.head(), sha256: stored.value.sha256 };
  await running.kill().catch(() => undefined);
  throw sent.status === 'rejected' ? sent.reason : (stored as PromiseRejectedResult).reason;
}

function dumpCommand({ config }: MysqlSite, facts: ServerFacts, { lockWaitSeconds }: DumpOptions): string[] {
  const ours = ['mysql', config.database].filter((name) => facts.databases.includes(name));
  const chosen = config.databases
    ? ['--databases', ...new Set([...config.databases, ...ours])]
    : ['--all-databases'];
  return [
    'mysqldump',
    `--user=${config.user}`,
    '--single-transaction',
    '--routines',
    '--events',
    '--triggers',
    '--hex-blob',
    '--tz-utc',
    '--flush-privileges',
    '--default-character-set=utf8mb4',
    '--max-allowed-packet=1G',
    `--init-command=SET SESSION lock_wait_timeout=${lockWaitSeconds}`,
    // A new log file at the very moment of the snapshot: replay then begins with a whole file.
    ...(facts.log ? ['--source-data=2', '--flush-logs'] : []),
    `--set-gtid-purged=${facts.gtid ? 'ON' : 'OFF'}`,
    ...config.ignoreTables.map((table) => `--ignore-table=${table}`),
    ...chosen,
  ];
}

function consistency(
  site: MysqlSite,
  atMs: number,
  facts: ServerFacts,
  head: DumpHead & { sha256: string; torn: Torn },
  { lockWaitSeconds }: DumpOptions,
): Consistency {
  if (facts.gtid && head.gtid === null)
    throw environmentError('the dump does not say which transactions it holds', {
      expected: 'GTID_PURGED in its head',
    });
  if (facts.log && head.file === null)
    throw environmentError('the dump does not say where the binary log stood', {
      expected: 'SOURCE_LOG_FILE in its head',
    });
  const position = { server: facts.uuid, gtid: head.gtid, file: head.file, position: head.position };
  const said: Json = {
    sha256: head.sha256,
    settings: facts.settings,
    formative: facts.formative,
    persisted: Object.keys(persistedIn(facts.persisted ?? '{}') ?? {}),
    schemas: facts.databases,
    notTransactional: facts.notTransactional.map(({ name, engine }) => ({ name, engine })),
    torn: tornFacts(head.torn),
    ignoredTables: site.config.ignoreTables,
    databases: site.config.databases ?? 'all',
    lockWaitSeconds,
  };
  return {
    atMs,
    tool: facts.tool,
    server: site.server,
    facts: said,
    position: Object.fromEntries(
      Object.entries(position).filter((entry): entry is [string, string] => entry[1] !== null),
    ),
  };
}
