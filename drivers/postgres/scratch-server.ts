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
  /** Runs a script to its end; the first error ends it. */
  run(script: string): Promise<void>;
  /** Loads an archive that lies on this machine into a database that it makes; the first error ends it. */
  load(path: string, database: string, progress: (bytes: number) => void): Promise<void>;
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
  getent passwd "$2" >/dev/null 2>&1 || grep -q "^[^:]*:[^:]*:$2:" /etc/passwd || echo "muster:x:$2:$3::${home}:/bin/false" >> /etc/passwd
  rm -rf "$1" ${home}; mkdir -m 0700 "$1" ${home}; chown "$2:$3" "$1" ${home}`;

/** An empty cluster in a folder that is made for it. */
export async function initialise(options: ScratchOptions, made: readonly string[]): Promise<void> {
  const { helper, folder, site, role, signal } = options;
  const [uid, gid] = site.owner.split(':') as [string, string];
  const prepared = await helper.exec(['sh', '-euc', accountScript, 'prepare', folder, uid, gid], { signal });
  if (prepared.code !== 0) throw failed('making a folder for the restore', prepared);
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
 * Neither its own log of changes nor flushing matters: a crash here only means that the restore is done
 * again,
 * and none of these settings outlives the process.
 */
const settings = (preload: string): string =>
  Object.entries({
    listen_addresses: '',
    unix_socket_directories: home,
    port: String(port),
    hba_file: `${home}/pg_hba.conf`,
    ident_file: `${home}/pg_ident.conf`,
    shared_preload_libraries: preload,
    fsync: 'off',
    full_page_writes: 'off',
    synchronous_commit: 'off',
    wal_level: 'minimal',
    max_wal_senders: '0',
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

export async function startScratch(options: ScratchOptions, preload: string): Promise<ScratchServer> {
  const { site, helper, folder, role, signal } = options;
  await asOwner(
    options,
    'starting a server for the restore',
    ['sh', '-euc', startScript, 'start', site.programs, folder],
    { stdin: settings(preload), deadlineMs: 150_000 },
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
    run: async (script) =>
      void (await asOwner(options, 'making the roles', [...psql, '--dbname=postgres', '--file=-'], {
        stdin: script,
      })),
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
