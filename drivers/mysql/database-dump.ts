import { createHash } from 'node:crypto';
import { pipeline } from 'node:stream/promises';
import type { BackupMethod, Sink } from '../../core/backup.ts';
import { environmentError } from '../../core/errors.ts';
import type { Json } from '../../core/timeline.ts';
import { databaseDumpOptions, type DatabaseDumpOptions } from './config.ts';
import { dumpName } from './dump.ts';
import { watchDump } from './dump-file.ts';
import { readFormative } from './formative.ts';
import { assertMayDump, assertOwnDefiners, chosenDatabases } from './grants.ts';
import { identityOf } from './identity.ts';
import { noteTables, tablesWithoutSnapshot, tornDuring, writesTo } from './other-engines.ts';
import { isDenied } from './rights.ts';
import { tornFacts } from './torn.ts';
import { readSettings } from './server-settings.ts';
import { withSession, type Session } from './session.ts';
import type { MysqlSite } from './site.ts';

/**
 * A consistent copy of databases, by whatever account may read and write them: no accounts, no settings, and
 * no place in the binary log. A dump during which definitions changed is refused at its end, as the lock
 * that would keep them takes rights over the server.
 */
export const backupDatabases =
  (site: MysqlSite): NonNullable<BackupMethod['backup']> =>
  (to, { options, signal, now }) =>
    withSession(site, async (session) => {
      const parsed = databaseDumpOptions.parse(options);
      await session.rows('SET SESSION wait_timeout = 31536000');
      const databases = await assertLoadable(site, session, parsed);
      const others = (await tablesWithoutSnapshot(site, session)).filter(({ name }) =>
        databases.includes(name.split('.')[0]!),
      );
      noteTables(site, others);
      const version = await site.service.exec([site.programs.dump, '--version'], { deadlineMs: 30_000 });
      const server = await identityOf(site, session);
      const settings = { ...(await readFormative(session)), ...(await readSettings(session)) };
      const writes = await writesTo(session, others);
      const definitions = await definitionsOf(session, databases);
      // Before the program is even started, hence before its snapshot opens. Early, never late.
      const atMs = now();
      const sha256 = await stream(site, to, { databases, options: parsed, signal });
      await assertSteady(session, databases, definitions);
      const torn = await tornDuring(site.product, unlessDenied(session), others, writes);
      const facts: Json = {
        sha256,
        databases,
        without: parsed.without,
        by: site.config.user,
        settings,
        notTransactional: others.map(({ name, engine }) => ({ name, engine })),
        torn: tornFacts(torn),
      };
      return { atMs, tool: version.stdout.trim(), server: site.server, position: { server }, facts };
    });

/** The databases that it takes. Environment error where they could not be dumped whole, or not be loaded. */
export async function assertLoadable(
  site: MysqlSite,
  session: Session,
  options: DatabaseDumpOptions,
): Promise<string[]> {
  const databases = await chosenDatabases(site, session, options);
  if (databases.length === 0)
    throw environmentError(`${site.config.user} sees no database of ${site.service.name}`, {
      found: "none but the server's own",
      expected: 'one that it owns',
    });
  await assertMayDump(site, session, databases, options);
  await assertOwnDefiners(site, session, databases);
  return databases;
}

/** Where the log stood is not needed: nothing is replayed on such a dump. */
const unlessDenied = (session: Session): Session => ({
  ...session,
  rows: <Row>(sql: string, values?: unknown[]) =>
    session.rows<Row>(sql, values).catch((error: unknown) => {
      if (!isDenied(error)) throw error;
      return [];
    }),
});

/** A digest of every column, and of when each table was made: another one after every definition. */
async function definitionsOf({ rows }: Session, databases: readonly string[]): Promise<string> {
  const tables = await rows<Record<string, unknown>>(
    'SELECT table_schema AS s, table_name AS t, table_type AS type, engine AS e, create_time AS made FROM information_schema.tables WHERE table_schema IN (?) ORDER BY s, t',
    [databases],
  );
  const columns = await rows<Record<string, unknown>>(
    'SELECT table_schema AS s, table_name AS t, ordinal_position AS o, column_name AS c, column_type AS type, is_nullable AS n, collation_name AS l, extra AS x FROM information_schema.columns WHERE table_schema IN (?) ORDER BY s, t, o',
    [databases],
  );
  return createHash('sha256')
    .update(JSON.stringify([tables, columns]))
    .digest('hex');
}

async function assertSteady(session: Session, databases: readonly string[], before: string): Promise<void> {
  if ((await definitionsOf(session, databases)) === before) return;
  throw environmentError('definitions changed during the dump: it may lack rows', {
    found: `another definition in ${databases.join(', ')}`,
    expected: 'tables that nobody makes, alters, renames, empties or drops meanwhile',
  });
}

interface Streaming {
  databases: readonly string[];
  options: DatabaseDumpOptions;
  signal: AbortSignal;
}

async function stream(site: MysqlSite, to: Sink, { databases, options, signal }: Streaming): Promise<string> {
  const argv = dumpCommand(site, databases, options);
  const running = await site.service.spawn(argv, { env: { MYSQL_PWD: site.password }, signal });
  const watch = watchDump(() => running.done, options.floorBytes, undefined, site.programs.dump);
  const piped = pipeline(running.stdout, watch.stream);
  const put = to.put(dumpName, watch.stream);
  put.catch((error: Error) => watch.stream.destroy(error));
  // Whoever cleans up after a failure must not meet a write that is still under way.
  const [sent, stored] = await Promise.allSettled([piped, put]);
  if (sent.status === 'fulfilled' && stored.status === 'fulfilled') return stored.value.sha256;
  await running.kill().catch(() => undefined);
  throw sent.status === 'rejected' ? sent.reason : (stored as PromiseRejectedResult).reason;
}

const dumpCommand = (
  { config, product, programs, tls }: MysqlSite,
  databases: readonly string[],
  { without }: DatabaseDumpOptions,
): string[] => [
  programs.dump,
  `--user=${config.user}`,
  '--single-transaction',
  // Where files of tables lie takes a right over the server.
  '--no-tablespaces',
  without.includes('triggers') ? '--skip-triggers' : '--triggers',
  ...(without.includes('events') ? [] : ['--events']),
  ...(without.includes('routines') ? [] : ['--routines']),
  '--hex-blob',
  '--tz-utc',
  '--default-character-set=utf8mb4',
  '--max-allowed-packet=1G',
  ...product.databaseDumpOptions,
  ...(tls ? product.tlsOptions : []),
  ...config.ignoreTables.map((table) => `--ignore-table=${table}`),
  '--databases',
  ...databases,
];
