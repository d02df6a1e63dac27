import { pipeline, type Readable } from 'node:stream';
import { OtherBackup, type ExistingRestorer, type RestoredExisting } from '../../../core/existing.ts';
import { environmentError, messageOf } from '../../../core/errors.ts';
import type { Json } from '../../../core/timeline.ts';
import { madeAnew } from '../../sql/known-accounts.ts';
import { restoreFolder } from '../../existing-folder.ts';
import { rememberingEnd } from '../../existing-text.ts';
import { serverSchemas } from '../config.ts';
import { assertOwnData } from '../own-data.ts';
import { keepingLogins } from './logins.ts';
import { passwordName } from '../server.ts';
import { probeMs, quoted, serverCode, withSession, type Session } from '../session.ts';
import type { MysqlSite } from '../site.ts';
import { DumpMarks, isEnd } from './marks.ts';
import { endedIn, isOfAnother } from './recognise.ts';
import { objectsOf } from './usable.ts';

const endBytes = 4 * 1024;

/** Databases that are not the server's own. */
export const databasesOf = async ({ rows }: Session): Promise<string[]> =>
  (
    await rows<{ s: string }>(
      'SELECT schema_name AS s FROM information_schema.schemata WHERE schema_name NOT IN (?) ORDER BY s',
      [serverSchemas],
    )
  ).map(({ s }) => s);

/** What a dump that names no database is loaded into: the one that is declared, or the image's own. */
export const targetOf = (
  { service }: Pick<MysqlSite, 'service'>,
  declared: string | undefined,
): string | null => declared ?? service.env['MARIADB_DATABASE'] ?? service.env['MYSQL_DATABASE'] ?? null;

/**
 * Every database of the image and its scripts goes, and with `again` comes back as it was made, with nothing
 * in it; nothing of a dump runs by itself afterwards.
 */
export async function emptyServer(
  site: MysqlSite,
  declared: string | undefined,
  again = false,
): Promise<Json> {
  await assertOwnData(site);
  return withSession(site, async (session) => {
    const { rows } = session;
    // Events of what is restored would go to work, and change it before anybody has looked.
    await rows('SET GLOBAL event_scheduler = OFF').catch(() => undefined);
    const removed = await databasesOf(session);
    for (const name of removed) {
      const [made] = await rows<{ 'Create Database': string }>(`SHOW CREATE DATABASE ${quoted(name)}`);
      await rows(`DROP DATABASE ${quoted(name)}`);
      if (again) await rows(made!['Create Database']);
    }
    const target = targetOf(site, declared);
    if (target !== null) await rows(`CREATE DATABASE IF NOT EXISTS ${quoted(target)}`);
    return { removed, made: target };
  });
}

/** Loads a dump by the server's own client, as somebody would by hand; the first error ends it. */
export async function loadDump(
  site: MysqlSite,
  content: Readable,
  recognised: Parameters<ExistingRestorer['restore']>[1],
  { signal, progress, declared, isOfThisRun }: Parameters<ExistingRestorer['restore']>[2],
): Promise<{ restored: RestoredExisting; accountsBefore: string[] }> {
  await assertOwnData(site);
  const marks = new DumpMarks();
  const watched = rememberingEnd(
    endBytes,
    (bytes) => progress(bytes, null, 'bytes'),
    (chunk) => marks.see(chunk),
  );
  const accounts = await withSession(site, (session) => objectsOf(session, 'users'));
  const target = targetOf(site, declared.database);
  const result = await keepingLogins(site, madeAnew(site.known, isOfThisRun), () =>
    site.service.exec(
      [
        site.programs.client,
        '--no-defaults',
        `--user=${site.config.user}`,
        ...(site.tls ? site.product.tlsOptions : []),
        '--default-character-set=utf8mb4',
        '--max-allowed-packet=1G',
        // Nothing in a dump is a command of the client, such as one that runs a program.
        '--binary-mode',
        ...(target === null ? [] : [target]),
      ],
      {
        env: { MYSQL_PWD: site.password },
        stdin: pipeline(content, watched.through, () => undefined),
        signal,
      },
    ),
  );
  if (result.code !== 0) throw loadFailed(result.stderr);
  const end = endOf(watched, marks);
  // Accounts that came as rows count from now on, as after a start.
  await withSession(site, ({ rows }) => rows('FLUSH PRIVILEGES'));
  const { tablesIn, ...brought } = await broughtBy(site);
  const { database } = recognised.said;
  if (declared.database !== undefined && database !== null && database !== declared.database) {
    if (!tablesIn.includes(declared.database))
      throw new OtherBackup(isOfAnother(database, declared.database));
  }
  return {
    restored: {
      said: {
        ...recognised.said,
        database: database === null ? null : (declared.database ?? database),
        madeAt: end && endedIn(end),
      },
      whole: recognised.format === 'dump',
      facts: { bytes: watched.seen(), ...brought },
    },
    accountsBefore: marks.bringsAccounts ? [] : accounts,
  };
}

/**
 * From the last end mark on; null where no tool says that a dump begins. Rejects where one in it has no end,
 * or where something follows that is loaded.
 */
function endOf({ end, seen }: ReturnType<typeof rememberingEnd>, marks: DumpMarks): string | null {
  const isCutOff = marks.isCutOff();
  if (!marks.begun) return null;
  const last = end().toString('latin1');
  const behind = marks.endAt === null ? Infinity : seen() - marks.endAt;
  if (!isCutOff && behind <= last.length && isEnd(last.slice(-behind))) return last.slice(-behind);
  const isEarlier = isCutOff && marks.endAt !== null;
  throw environmentError('it is cut off', {
    found: `${isEarlier ? 'a dump in it that lacks its end, in ' : ''}${seen()} bytes, of which the last are ${JSON.stringify(last.slice(-60))}`,
    expected: '`-- Dump completed` at the end',
  });
}

/** A copy of the data folder, in the place of the service's own. */
export async function loadFolder(
  site: MysqlSite,
  content: Readable,
  recognised: Parameters<ExistingRestorer['restore']>[1],
  context: Parameters<ExistingRestorer['restore']>[2],
): ReturnType<ExistingRestorer['restore']> {
  const { service, dataFolder: folder, owner } = site;
  // The server's own identity is another one, as beside a running copy it must be.
  const leftovers = ['auto.cnf', 'mysqld.sock', 'mysql.sock', 'mysql.sock.lock'];
  const unpacked = await restoreFolder(
    {
      ...{ service, folder, owner, marks: ['ibdata1'], leftovers, clock: site.clock },
      // Whoever is let in by its accounts, it answers.
      ready: () =>
        withSession(site, async () => true, probeMs).catch(
          (error: unknown) => serverCode(error) === 'ER_ACCESS_DENIED_ERROR',
        ),
    },
    content,
    context,
  );
  await withSession(site, ({ rows }) => rows('SET GLOBAL event_scheduler = OFF')).catch(() => undefined);
  const { tablesIn: _, ...brought } = await broughtBy(site);
  return { said: recognised.said, whole: true, facts: { unpacked, ...brought } };
}

/** In words that say what to do; the client's own are among them. */
function loadFailed(stderr: string): Error {
  const said = stderr.trim().split('\n').at(-1) ?? '';
  const [, code] = /^ERROR (\d+)/.exec(said) ?? [];
  const what: Record<string, string> = {
    1046: 'it names no database, and nothing says which it is of',
    1049: 'it is of a database that it does not make',
    1115: 'it has a character set that this server does not know: it is of another product or version',
    1273: 'it has a collation that this server does not know: it is of another product or version',
    1064: 'it has SQL that this server does not read: it is damaged, cut off, or of another product or version',
    1193: 'it sets what this server does not know: it is of another product or version',
    1286: 'it has a storage engine that this server lacks: it is of another product or version',
  };
  return environmentError((code !== undefined && what[code]) || 'the server does not load it', {
    found: said || 'no message',
    expected: 'a dump that loads without an error',
    hint: code === '1046' ? 'database: … beside from' : undefined,
  });
}

/** Rejects where nothing came, or where the service's own account cannot get in any more. */
async function broughtBy(
  site: MysqlSite,
): Promise<{ tables: number; databases: string[]; tablesIn: string[] }> {
  const look = withSession(site, async (session) => {
    const databases = await databasesOf(session);
    const tables = await session.rows<{ s: string }>(
      "SELECT table_schema AS s FROM information_schema.tables WHERE table_type IN ('BASE TABLE', 'SYSTEM VERSIONED') AND table_schema NOT IN (?)",
      [serverSchemas],
    );
    return { tables: tables.length, databases, tablesIn: [...new Set(tables.map(({ s }) => s))] };
  });
  const found = await look.catch((error: unknown) => {
    throw environmentError(
      `after it was loaded, ${site.service.name} no longer lets ${site.config.user} in: the dump brought other accounts, and ${passwordName(site)} must be what it was then`,
      {
        found: messageOf(error),
        expected: `the password that ${passwordName(site)} holds`,
        cause: error,
      },
    );
  });
  if (found.tables === 0)
    throw environmentError('it is empty: no table came of it', {
      found: `databases ${found.databases.join(', ') || 'none'}, without a table`,
      expected: 'tables',
    });
  return found;
}
