import { environmentError } from '../../core/errors.ts';
import type { ExecResult, Helper, Shell } from '../../core/service.ts';
import { readDump } from '../sql/read-dump.ts';
import { connectionTo } from './dump.ts';
import type { PostgresSite } from './server.ts';

const home = '/tmp/muster-postgres';
const log = `${home}/log`;
const port = 5432;

/**
 * A PostgreSQL server on a folder of the service's own volume, in a helper without any network: nobody but
 * Muster can be its client.
 */
export interface ScratchServer {
  /** Runs a statement that gives one value; rejects with the server's message. */
  value(database: string, sql: string): Promise<string>;
  /** Runs a script to its end; the first error ends it. Default: in the database `postgres`. */
  run(script: string, database?: string): Promise<void>;
  /** Loads an archive that lies on this machine into a database that it makes; the first error ends it. */
  load(path: string, database: string, progress: (bytes: number) => void): Promise<void>;
  /** The same into a database that is there. */
  loadInto(path: string, database: string, progress: (bytes: number) => void): Promise<void>;
  /** Has it take the figures by which queries are planned: a dump brings none. */
  analyze(): Promise<void>;
  /** Ends it cleanly, and has the system write everything to disk. */
  stop(): Promise<void>;
}

export interface ScratchOptions {
  site: Pick<PostgresSite, 'owner' | 'programs' | 'major'>;
  helper: Helper;
  folder: string;
  /** The role that its cluster begins with. */
  role: string;
  signal: AbortSignal;
}

const failed = (what: string, { code, stderr, stdout }: ExecResult): Error =>
  environmentError(`${what} failed with code ${code}`, {
    found: (stderr.trim() || stdout.trim()).slice(-700) || 'no message',
    expected: 'code 0',
  });

/** As the owner of the service's files, so that they are his whatever account the service runs under. */
async function asOwner(
  { helper, site, signal }: Pick<ScratchOptions, 'site' | 'signal'> & { helper: Shell },
  what: string,
  argv: string[],
  options: { stdin?: string; deadlineMs?: number } = {},
): Promise<string> {
  const result = await helper.exec(argv, { user: site.owner, signal, env: { HOME: home }, ...options });
  if (result.code === 0) return result.stdout.trim();
  const { stdout } = await helper.exec(['sh', '-c', `tail -n 5 ${log} 2>/dev/null; true`]);
  throw failed(what, { ...result, stderr: `${result.stderr.trim()}\n${stdout}` });
}

/** The programs ask for the name of their account: one that the image does not know is given one. */
const accountScript = `
  getent passwd "$1" >/dev/null 2>&1 || grep -q "^[^:]*:[^:]*:$1:" /etc/passwd || echo "muster:x:$1:$2::${home}:/bin/false" >> /etc/passwd
  rm -rf ${home}; mkdir -m 0700 ${home}; chown "$1:$2" ${home}`;
const folderScript = `${accountScript}
  rm -rf "$3"; mkdir -m 0700 "$3"; chown "$1:$2" "$3"`;

/** Makes a place for the server to work in; `folder`: an empty one for its data, too. */
async function prepare({ helper, site, signal }: ScratchOptions, folder?: string): Promise<void> {
  const [uid, gid] = site.owner.split(':') as [string, string];
  const argv =
    folder === undefined ? [accountScript, 'prepare', uid, gid] : [folderScript, 'prepare', uid, gid, folder];
  const prepared = await helper.exec(['sh', '-euc', ...argv], { signal });
  if (prepared.code !== 0) throw failed('making a folder for the restore', prepared);
}

/** An empty cluster in a folder that is made for it. */
export async function initialise(options: ScratchOptions, made: readonly string[]): Promise<void> {
  const { folder, site, role } = options;
  await prepare(options, folder);
  await asOwner(options, 'initdb', [
    `${site.programs}/initdb`,
    `--pgdata=${folder}`,
    `--username=${role}`,
    '--auth=trust',
    '--no-sync',
    ...made,
  ]);
}

/**
 * Of a cluster that is loaded as a whole neither the log of changes nor flushing matters: a crash here only
 * means that the restore is done again, and none of these settings outlives the process.
 */
const unsafe = {
  fsync: 'off',
  full_page_writes: 'off',
  synchronous_commit: 'off',
  wal_level: 'minimal',
  max_wal_senders: '0',
};
const settings = (preload: string, inPlace: boolean): string =>
  Object.entries({
    listen_addresses: '',
    unix_socket_directories: home,
    port: String(port),
    hba_file: `${home}/pg_hba.conf`,
    ident_file: `${home}/pg_ident.conf`,
    shared_preload_libraries: preload,
    ...(inPlace ? {} : unsafe),
    max_wal_size: '4GB',
    checkpoint_timeout: '1h',
    autovacuum: 'off',
    maintenance_work_mem: '256MB',
    max_locks_per_transaction: '1024',
    // The memory that parallel work shares is 64 MB in a container.
    max_parallel_maintenance_workers: '0',
    max_parallel_workers_per_gather: '0',
    log_statement: 'none',
  })
    .map(([name, value]) => `${name} = '${value.replaceAll("'", "''")}'\n`)
    .join('');

const startScript = `
  cat > ${home}/postgresql.conf; echo "local all all trust" > ${home}/pg_hba.conf; : > ${home}/pg_ident.conf
  exec "$1/pg_ctl" start --pgdata="$2" --wait --timeout=120 --log=${log} --options="-c config_file=${home}/postgresql.conf"`;

/** On the service's own folder, with more in it than what is loaded: a crash must not harm that. */
export async function startInPlace(options: ScratchOptions): Promise<ScratchServer> {
  await prepare(options);
  return startScratch(options, '', true);
}

export async function startScratch(
  options: ScratchOptions,
  preload: string,
  inPlace = false,
): Promise<ScratchServer> {
  const { site, helper, folder, role, signal } = options;
  await asOwner(
    options,
    'starting a server for the restore',
    ['sh', '-euc', startScript, 'start', site.programs, folder],
    { stdin: settings(preload, inPlace), deadlineMs: 150_000 },
  );
  const login = [`--host=${home}`, `--port=${port}`, `--username=${role}`, '--no-password'];
  const psql = [`${site.programs}/psql`, '--no-psqlrc', '--quiet', '--set=ON_ERROR_STOP=1', ...login];
  return {
    value: (database, sql) =>
      asOwner(options, 'a statement of the restore', [
        ...psql,
        '--tuples-only',
        '--no-align',
        `--dbname=${connectionTo(database)}`,
        `--command=${sql}`,
      ]),
    run: async (script, database = 'postgres') => {
      const argv = [...psql, `--dbname=${connectionTo(database)}`, '--file=-'];
      await asOwner(options, 'a script of the restore', argv, { stdin: script });
    },
    load: (path, database, progress) =>
      load(helper, { user: site.owner, signal, database, path, progress }, [
        `${site.programs}/pg_restore`,
        '--exit-on-error',
        '--create',
        '--clean',
        '--if-exists',
        '--dbname=template1',
        ...login,
      ]),
    loadInto: (path, database, progress) =>
      load(helper, { user: site.owner, signal, database, path, progress }, [
        `${site.programs}/pg_restore`,
        '--exit-on-error',
        `--dbname=${connectionTo(database)}`,
        ...login,
      ]),
    analyze: async () =>
      void (await asOwner(options, 'vacuumdb --analyze-only', [
        `${site.programs}/vacuumdb`,
        '--all',
        '--analyze-only',
        '--quiet',
        ...login,
      ])),
    stop: () => stop(options),
  };
}

interface Load {
  user: string;
  signal: AbortSignal;
  database: string;
  path: string;
  progress(bytes: number): void;
}

async function load(
  helper: Helper,
  { path, progress, database, ...how }: Load,
  argv: string[],
): Promise<void> {
  const stdin = readDump(path, progress);
  const result = await helper.exec(argv, { ...how, env: { HOME: home }, stdin });
  if (result.code !== 0) throw failed(`pg_restore of ${database}`, result);
}

async function stop(options: ScratchOptions): Promise<void> {
  const { site, folder } = options;
  const pgdata = `--pgdata=${folder}`;
  await asOwner(options, 'ending the server of the restore', [
    `${site.programs}/pg_ctl`,
    'stop',
    pgdata,
    '--mode=fast',
    '--wait',
    '--timeout=300',
  ]);
  await asOwner(options, 'writing the restored data to disk', [
    `${site.programs}/initdb`,
    '--sync-only',
    pgdata,
  ]);
}
