import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { BackupMethod, Consistency, Sink } from '../../core/backup.ts';
import { environmentError } from '../../core/errors.ts';
import type { Json } from '../../core/timeline.ts';
import { dumpOptions, type DumpOptions } from './config.ts';
import { readCarried, type Carried } from './carried.ts';
import { steadyDefinitions } from './definitions.ts';
import { watchDump, type DumpHead } from './dump-file.ts';
import { readFormative } from './formative.ts';
import { identityOf } from './identity.ts';
import { persistedIn, persistedName, readPersisted } from './persisted.ts';
import { assertRestorable } from './restorable.ts';
import { noteTables, tablesWithoutSnapshot, tornDuring, writesTo } from './other-engines.ts';
import { tornFacts, type OtherTable, type Torn } from './torn.ts';
import type { MysqlSite } from './site.ts';
import { withSession, type Session } from './session.ts';
import { readSettings, type Settings } from './server-settings.ts';

export const dumpName = 'dump.sql';

interface ServerFacts {
  identity: string;
  tool: string;
  gtid: boolean;
  log: boolean;
  settings: Settings;
  formative: Settings;
  persisted: string | null;
  carried: Carried[];
  notTransactional: OtherTable[];
  databases: string[];
}

/**
 * A consistent logical copy of everything: data, routines, events, triggers, accounts and grants. Definitions
 * cannot change while it runs (LOCK INSTANCE FOR BACKUP), because a snapshot does not hold for a table that
 * was altered under it. That lock comes after the read lock that opens the snapshot: a definition, or the
 * event scheduler, that waits for the first holds up the second, and with it every write. mysqldump itself
 * refuses a table that was altered in between. Where the server has no such lock, a dump during which
 * definitions changed is refused at its end.
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
      const definitions = await steadyDefinitions(site, session, parsed);
      // Before mysqldump is even started, hence before its snapshot opens: what was acknowledged by now is in
      // it. Early, never late.
      const atMs = now();
      const head = await stream(site, to, facts, {
        options: parsed,
        signal,
        opened: () => definitions.hold(),
      });
      if (facts.persisted !== null)
        await to.put(persistedName, Readable.from([Buffer.from(facts.persisted)]));
      for (const { name, content } of facts.carried) await to.put(name, Readable.from([content]));
      await definitions.release();
      const torn = await tornDuring(site.product, session, facts.notTransactional, writes);
      const gtid = head.gtid ?? (await gtidAt(site, session, head));
      return consistency(site, atMs, facts, { ...head, gtid, torn }, parsed);
    });
  };

/** Which transactions the snapshot holds, of a server whose dump says it by the place in the log alone. */
async function gtidAt({ product }: MysqlSite, { rows }: Session, head: DumpHead): Promise<string | null> {
  if (product.gtidAt === null || head.file === null) return null;
  const [row] = await rows<{ gtid: string | null }>(product.gtidAt, [head.file, Number(head.position)]);
  const { gtids } = product;
  return row!.gtid === null ? null : gtids.after(row!.gtid, gtids.set(''), new Map());
}

async function serverFacts(site: MysqlSite, session: Session): Promise<ServerFacts> {
  const [row] = await session.rows<{ gtid: number | string; log: number | string }>(site.product.logging);
  const databases = await session.rows<{ name: string }>(
    'SELECT schema_name AS name FROM information_schema.schemata',
  );
  // Two processes in the container, which need not wait for each other.
  const [version, persisted, carried, identity] = await Promise.all([
    site.service.exec([site.programs.dump, '--version'], { deadlineMs: 30_000 }),
    readPersisted(site, session),
    readCarried(site),
    identityOf(site, session),
  ]);
  return {
    identity,
    tool: version.stdout.trim(),
    gtid: String(row!.gtid) === '1',
    log: String(row!.log) === '1',
    settings: await readSettings(session),
    formative: await readFormative(session),
    persisted,
    carried,
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
  const watch = watchDump(() => running.done, options.floorBytes, opened, site.programs.dump);
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

function dumpCommand(site: MysqlSite, facts: ServerFacts, { lockWaitSeconds }: DumpOptions): string[] {
  const { config, product, programs } = site;
  const ours = ['mysql', config.database].filter((name) => facts.databases.includes(name));
  const chosen = config.databases
    ? ['--databases', ...new Set([...config.databases, ...ours])]
    : ['--all-databases'];
  return [
    programs.dump,
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
    ...product.dumpOptions({ gtid: facts.gtid, log: facts.log, lockWaitSeconds }),
    ...site.dumpOptions,
    // By its socket as well: an account that is made with REQUIRE SSL is not let in there without.
    ...(site.tls ? product.tlsOptions : []),
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
      expected: 'the GTIDs in its head, or the place in the log',
    });
  if (facts.log && head.file === null)
    throw environmentError('the dump does not say where the binary log stood', {
      expected: 'the place in the log, in its head',
    });
  const position = { server: facts.identity, gtid: head.gtid, file: head.file, position: head.position };
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
