import { pipeline, type Readable } from 'node:stream';
import type { ExistingRestorer, RestoredExisting } from '../../../core/existing.ts';
import { environmentError } from '../../../core/errors.ts';
import type { Json } from '../../../core/timeline.ts';
import { madeAnew } from '../../sql/known-accounts.ts';
import { restoreFolder } from '../../existing-folder.ts';
import { connectionTo, environmentOf, loginOf } from '../dump.ts';
import { assertOwnData } from '../own-data.ts';
import { probeMs, quoted, serverCode, withSession, type PostgresSite } from '../server.ts';
import { serverSchema } from '../tables.ts';
import { emptyDatabase } from '../empty-database.ts';
import { restoringDirectory } from './directory.ts';
import { keepingLogins, stillIn } from './logins.ts';
import type { Format } from './recognise.ts';
import { watchFor } from './watched.ts';

type Recognised = Parameters<ExistingRestorer['restore']>[1];
type Context = Parameters<ExistingRestorer['restore']>[2];

/** Nobody needs to be anywhere else while databases go and come. */
const apart = { database: 'template1' };

/**
 * Every database of the image and its scripts goes, and comes back empty where a dump may need it; `again`:
 * each of them does, and belongs to whom it belonged.
 */
export async function emptyServer(site: PostgresSite, database: string, again = false): Promise<Json> {
  await assertOwnData(site);
  return withSession(
    site,
    async ({ rows }) => {
      const found = await rows<{ name: string; owner: string }>(
        'SELECT datname AS name, pg_get_userbyid(datdba) AS owner FROM pg_database WHERE NOT datistemplate ORDER BY 1',
      );
      const removed = found.map(({ name }) => name);
      for (const name of removed) await rows(`DROP DATABASE ${quoted(name)} WITH (FORCE)`);
      const made = [...new Set(['postgres', site.database, database, ...(again ? removed : [])])];
      for (const name of made) {
        const owner = again ? found.find((one) => one.name === name)?.owner : undefined;
        const whose = owner === undefined ? '' : ` OWNER ${quoted(owner)}`;
        await rows(`CREATE DATABASE ${quoted(name)}${whose} TEMPLATE template0`);
      }
      return { removed, made };
    },
    apart,
  );
}

/** What the role itself owns in the application's database, of which it makes no other. */
export async function emptyOwn(site: PostgresSite): Promise<Json> {
  await assertOwnData(site);
  await withSession(site, ({ rows }) => rows(emptyDatabase));
  return { removed: [], emptied: site.database };
}

/** Loads a dump by the programs of the service's own image, as somebody would by hand. */
export async function loadDump(
  site: PostgresSite,
  content: Readable,
  recognised: Recognised,
  { signal, progress, isOfThisRun }: Context,
  database: string,
): Promise<Loaded> {
  const format = recognised.format as Format;
  if (format === 'data folder') {
    const restored = await loadFolder(site, content, recognised, { signal, progress }, database);
    return { restored, accountsBefore: [] };
  }
  await assertOwnData(site);
  const roles = await rolesOf(site);
  const watched = watchFor(format, recognised.said, progress);
  const creates = format === 'pg_dump' ? recognised.said.database : null;
  if (creates !== null)
    await withSession(
      site,
      ({ rows }) => rows(`DROP DATABASE IF EXISTS ${quoted(creates)} WITH (FORCE)`),
      apart,
    );
  const into = creates !== null || format === 'pg_dumpall' ? 'template1' : database;
  const program = [...programFor(site, format), ...loginOf(site), `--dbname=${connectionTo(into)}`];
  const argv =
    format === 'directory' ? ['sh', '-c', restoringDirectory, site.dataFolder, ...program] : program;
  const result = await keepingLogins(site, madeAnew(site.known, isOfThisRun), () =>
    site.service.exec(argv, {
      env: format === 'pg_dumpall' ? readableErrors(environmentOf(site)) : environmentOf(site),
      stdin: pipeline(content, watched.through, () => undefined),
      signal,
    }),
  );
  const errors = errorsIn(result.stderr, format);
  const isLoaded = errors.length === 0 && (result.code === 0 || format === 'pg_dumpall');
  // What is missing of a directory says more than what pg_restore met first.
  if (!isLoaded && format === 'directory') watched.said();
  if (!isLoaded) throw loadFailed(errors, result.stderr);
  const { said, whole } = watched.said();
  const facts = await stillIn(site, broughtBy(site, creates ?? database, format));
  const now = await rolesOf(site);
  // A role that it makes is refused where it is there already, or made anew once it was dropped.
  const named = new Set([...result.stderr.matchAll(/role "(.+?)" already exists/g)].map(([, name]) => name!));
  const accountsBefore = [...roles].filter(([name, id]) => now.get(name) === id && !named.has(name));
  return { restored: { said, whole, facts }, accountsBefore: accountsBefore.map(([name]) => name) };
}

/** `accountsBefore`: as the restorer has them. */
interface Loaded {
  restored: RestoredExisting;
  accountsBefore: string[];
}

/** Each role by its name, as the server's own number of it. */
const rolesOf = async (site: PostgresSite): Promise<Map<string, string>> => {
  const roles = await withSession(
    site,
    ({ rows }) => rows<{ name: string; id: string }>('SELECT rolname AS name, oid::text AS id FROM pg_roles'),
    site.limited ? {} : apart,
  );
  return new Map(roles.map(({ name, id }) => [name, id]));
};

/** A copy of the data folder, in the place of the service's own. */
async function loadFolder(
  site: PostgresSite,
  content: Readable,
  { said }: Recognised,
  context: Pick<Context, 'signal' | 'progress'>,
  database: string,
): ReturnType<ExistingRestorer['restore']> {
  const unpacked = await restoreFolder(
    {
      service: site.service,
      folder: site.dataFolder,
      owner: site.owner,
      marks: ['global/pg_control'],
      leftovers: ['postmaster.pid', 'postmaster.opts'],
      clock: site.clock,
      ready: () =>
        withSession(site, async () => true, { ...apart, withinMs: probeMs }).catch((error: unknown) =>
          ['28P01', '28000'].includes(serverCode(error) ?? ''),
        ),
      version: { file: 'PG_VERSION', expected: String(site.major) },
    },
    content,
    context,
  );
  return {
    said,
    whole: true,
    facts: { unpacked, brought: await stillIn(site, broughtBy(site, database, 'data folder')) },
  };
}

/**
 * The first error ends it; only a dump of all, which makes the role that the server has already, goes on and
 * is judged by what it said.
 */
const programFor = ({ programs }: PostgresSite, format: Format): string[] =>
  format === 'custom' || format === 'directory'
    ? [`${programs}/pg_restore`, '--exit-on-error']
    : [
        `${programs}/psql`,
        '--no-psqlrc',
        '--quiet',
        '--output=/dev/null',
        `--set=ON_ERROR_STOP=${format === 'pg_dumpall' ? 0 : 1}`,
        '--file=-',
      ];

/**
 * A server of another language says what went wrong in that, and programs do by their own settings. Only a
 * superuser may set it, who a dump of all is loaded by.
 */
const readableErrors = (environment: Record<string, string>): Record<string, string> => ({
  ...environment,
  LC_ALL: 'C',
  PGOPTIONS: `${environment['PGOPTIONS'] ?? ''} -c lc_messages=C`,
});

/** Of a statement psql names the line, and how bad it is in the words of the server's language. */
const ofStatement = /^psql:[^:]*:\d+: (?!(?:NOTICE|WARNING|INFO|LOG|DEBUG): )\p{Lu}[\p{Lu} ]*: /u;

/** What each of them says of an error, without those that a dump of all has wherever it is loaded. */
export const errorsIn = (stderr: string, format: Format): string[] =>
  stderr
    .split('\n')
    .filter((line) => /\b(?:ERROR|FATAL|error):/.test(line) || ofStatement.test(line))
    .filter(
      (line) =>
        format !== 'pg_dumpall' ||
        !/(?:role|database) ".*" already exists|current user cannot be dropped/.test(line),
    );

function loadFailed(errors: readonly string[], stderr: string): Error {
  const [first] = errors;
  const role = /role "(.+?)" does not exist/.exec(first ?? '')?.[1];
  const unknown =
    /unrecognized configuration parameter|unsupported version|invalid command|syntax error|collation .* does not exist|could not open extension|extension .* is not available|access method .* does not exist/.test(
      first ?? '',
    );
  const what =
    role !== undefined
      ? `its users are missing: role ${role} is in no part of it, and not in the service`
      : unknown
        ? 'it needs what this server does not have: it is of another product or version, or damaged'
        : 'the server does not load it';
  return environmentError(what, {
    found: first ?? (stderr.trim().split('\n').at(-1) || 'no message'),
    expected: 'a dump that loads without an error',
    hint:
      role === undefined
        ? undefined
        : 'pg_dumpall --globals-only holds roles; a script of the image can make them',
  });
}

async function broughtBy(site: PostgresSite, database: string, format: Format): Promise<Json> {
  const tablesIn = (name: string): Promise<number> =>
    withSession(
      site,
      async ({ rows }) =>
        Number(
          (
            await rows<{ n: string }>(
              `SELECT count(*) AS n FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'p') AND NOT ${serverSchema('n.nspname')}`,
            )
          )[0]!.n,
        ),
      { database: name },
    );
  const names =
    format === 'pg_dumpall'
      ? (
          await withSession(
            site,
            ({ rows }) =>
              rows<{ name: string }>(
                'SELECT datname AS name FROM pg_database WHERE NOT datistemplate ORDER BY 1',
              ),
            apart,
          )
        ).map(({ name }) => name)
      : [database];
  const tables: Record<string, number> = {};
  for (const name of names) tables[name] = await tablesIn(name);
  if (Object.values(tables).every((count) => count === 0))
    throw environmentError('it is empty: no table came of it', {
      found: `databases ${names.join(', ')}, without a table`,
      expected: 'tables',
    });
  return { tables };
}
