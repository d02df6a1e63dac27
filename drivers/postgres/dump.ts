import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { BackupMethod, Sink } from '../../core/backup.ts';
import { environmentError } from '../../core/errors.ts';
import type { Json } from '../../core/timeline.ts';
import { watchArchive } from './archive.ts';
import { readCluster, readDatabases, type Cluster } from './cluster.ts';
import { dumpOptions, serverPort, type DumpOptions } from './config.ts';
import { isComplete } from './globals.ts';
import { assertRestorable } from './restorable.ts';
import { withSession, type Session, type PostgresSite } from './server.ts';

export const rolesName = 'roles.sql';
export const clusterName = 'cluster.json';

/** What the manifest says of a point: of each of its files the digest, and whose cluster it is of. */
export interface DumpFacts {
  sha256: Record<string, string>;
  databases: string[];
  [key: string]: Json;
}

/**
 * A logical copy of everything: roles with their passwords, each database in one snapshot, and what no dump
 * holds. Snapshots of several databases are taken one after another, as the server knows none over all.
 */
export const backupDump =
  (site: PostgresSite): NonNullable<BackupMethod['backup']> =>
  (to, { options, signal, now }) =>
    withSession(site, async (session) => {
      const parsed = dumpOptions.parse(options);
      await assertRestorable(site, session);
      const databases = await chosen(site, session);
      // Before pg_dump is even started, hence before any snapshot opens: what was acknowledged by now is in
      // all of them. Early, never late.
      const atMs = now();
      const [position] = await session.rows<{ system: string; lsn: string }>(
        'SELECT system_identifier AS system, pg_current_wal_flush_lsn() AS lsn FROM pg_control_system()',
      );
      const cluster = await readCluster(site, session, databases);
      const sha256: Record<string, string> = {};
      sha256[rolesName] = await dumpRoles(site, to, signal);
      for (const [database, file] of Object.entries(databases))
        sha256[file] = await dumpDatabase(site, to, { database, file, options: parsed, signal });
      sha256[clusterName] = await putCluster(to, cluster);
      const facts: DumpFacts = {
        sha256,
        databases: Object.keys(databases),
        snapshots: 'one for each database',
        lockWaitSeconds: parsed.lockWaitSeconds,
      };
      return { atMs, position: position!, tool: await toolOf(site), server: site.server, facts };
    });

/** File of each database, by its name. Muster's own lies in the application's. */
async function chosen(site: PostgresSite, session: Session): Promise<Record<string, string>> {
  const { open } = await readDatabases(session);
  const names = site.config.databases
    ? open.filter((name) => name === site.database || site.config.databases!.includes(name))
    : open;
  return Object.fromEntries(names.map((name, i) => [name, `database-${i + 1}.dump`]));
}

export async function toolOf({ service, programs }: PostgresSite): Promise<string> {
  const { stdout } = await service.exec([`${programs}/pg_dump`, '--version'], { deadlineMs: 30_000 });
  return stdout.trim();
}

/** As whom programs beside the server go in, over TCP. */
export const loginOf = ({ account }: PostgresSite): string[] => [
  '--host=127.0.0.1',
  `--port=${serverPort}`,
  `--username=${account.user}`,
  '--no-password',
];
export const environmentOf = ({ account }: PostgresSite): Record<string, string> => ({
  PGPASSWORD: account.password ?? '',
  PGOPTIONS: '-c statement_timeout=0 -c idle_in_transaction_session_timeout=0',
  PGCLIENTENCODING: 'UTF8',
});

/** What a server keeps for all its databases; of it roles, what they were granted, and their settings. */
async function dumpRoles(site: PostgresSite, to: Sink, signal: AbortSignal): Promise<string> {
  const { code, stdout, stderr } = await site.service.exec(
    [`${site.programs}/pg_dumpall`, '--globals-only', ...loginOf(site), `--database=${site.database}`],
    { env: environmentOf(site), signal },
  );
  if (code !== 0 || !isComplete(stdout))
    throw environmentError(`pg_dumpall ended with code ${code}`, {
      found: lastLines(stderr) || 'a dump that is cut off',
      expected: 'code 0, and its last words',
    });
  return (await to.put(rolesName, Readable.from([Buffer.from(stdout)]))).sha256;
}

const putCluster = async (to: Sink, cluster: Cluster): Promise<string> =>
  (await to.put(clusterName, Readable.from([Buffer.from(JSON.stringify(cluster))]))).sha256;

export interface Dumping {
  database: string;
  file: string;
  options: DumpOptions;
  signal: AbortSignal;
}

export async function dumpDatabase(
  site: PostgresSite,
  to: Sink,
  { database, file, options, signal }: Dumping,
): Promise<string> {
  const running = await site.service.spawn(
    [
      `${site.programs}/pg_dump`,
      '--format=custom',
      // The recovery point is compressed on its way.
      '--compress=0',
      `--lock-wait-timeout=${options.lockWaitSeconds}s`,
      ...loginOf(site),
      `--dbname=${connectionTo(database)}`,
    ],
    { env: environmentOf(site), signal },
  );
  const watched = watching(database, () => running.done, options.floorBytes);
  const piped = pipeline(running.stdout, watched);
  const put = to.put(file, watched);
  put.catch((error: Error) => watched.destroy(error));
  // Whoever cleans up after a failure must not meet a write that is still under way.
  const [sent, stored] = await Promise.allSettled([piped, put]);
  if (sent.status === 'fulfilled' && stored.status === 'fulfilled') return stored.value.sha256;
  await running.kill().catch(() => undefined);
  throw sent.status === 'rejected' ? sent.reason : (stored as PromiseRejectedResult).reason;
}

/** A name that holds `=` would be taken for parameters. */
export const connectionTo = (database: string): string =>
  `dbname='${database.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;

/**
 * Passes an archive on and looks at it. The stream ends only when `ended` gave exit code 0, every entry of
 * the archive has what belongs to it, and it is not too small: whoever stores it sees an error otherwise, and
 * never a short file that looks whole.
 */
export function watching(
  database: string,
  ended: () => Promise<{ code: number; stderr: string }>,
  floorBytes: number,
): Transform {
  const watch = watchArchive();
  let bytes = 0;
  const refusal = (code: number, stderr: string): Error | null => {
    const said = { found: lastLines(stderr) || 'no message' };
    if (code !== 0)
      return environmentError(`pg_dump of ${database} ended with code ${code}`, {
        ...said,
        expected: 'code 0',
      });
    const missing = watch.missing();
    if (missing !== null)
      return environmentError(`the dump of ${database} is not complete`, {
        found: missing,
        expected: 'all of it',
      });
    if (bytes < floorBytes)
      return environmentError(`the dump of ${database} is too small to be one`, {
        found: `${bytes} bytes`,
        expected: `at least ${floorBytes}`,
      });
    return null;
  };
  return new Transform({
    highWaterMark: 1024 * 1024,
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length;
      try {
        watch.see(chunk);
        done(null, chunk);
      } catch (error) {
        done(error as Error);
      }
    },
    flush(done) {
      ended().then(({ code, stderr }) => {
        try {
          done(refusal(code, stderr));
        } catch (error) {
          done(error as Error);
        }
      }, done);
    },
  });
}

/** Behind an error of `pg_dump` there may be blank lines. */
const lastLines = (text: string): string =>
  text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .slice(-3)
    .join('; ');
