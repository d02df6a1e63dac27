import { stat } from 'node:fs/promises';
import { environmentError } from '../../core/errors.ts';
import type { ExecOptions, ExecResult, Helper, Shell } from '../../core/service.ts';
import { readDump } from '../sql/read-dump.ts';
import { folderOptions, loadingOptions } from './formative.ts';
import { identityIn } from './identity.ts';
import type { MysqlSite } from './site.ts';
import type { Settings } from './server-settings.ts';

const socket = '/tmp/muster-mysqld.sock';
export const pidFile = '/tmp/muster-mysqld.pid';
const logFile = '/tmp/muster-mysqld.log';

/**
 * A MySQL server on the service's own volume, in a helper without any network: nobody but Muster can be its
 * client.
 */
export interface ScratchServer {
  /** Runs statements; rows as tab-separated lines. Rejects with the server's message. */
  sql(statements: string): Promise<string>;
  /**
   * Loads a dump that lies on this machine into an empty data folder, with the redo log off; `progress` is
   * told bytes read. `last`: statements behind it, as the root that an empty folder has.
   */
  load(path: string, progress: (bytes: number) => void, last?: readonly string[]): Promise<void>;
  /** The same as Muster's own account, into what is there, with all that keeps a crash from harm. */
  loadInto(path: string, progress: (bytes: number) => void): Promise<void>;
  /**
   * Replays binary logs that lie in the helper, all in one go: without the transactions of `excluded`, or
   * from a position of the first one on. Gives how many transactions without a GTID the client took; it ends
   * with an error unless it executed each.
   */
  replay(paths: string[], from: { excluded: string; start: number | null }): Promise<number>;
  /** Asked in one go: each question costs a process in the helper. */
  state(): Promise<ScratchState>;
  /** Ends it cleanly: everything is on disk. `signal`: in the place of the one that it was started with. */
  stop(signal?: AbortSignal): Promise<void>;
  /** The same, where the account may not end a server. */
  end(): Promise<void>;
}

/** `uuid`: how the server names itself, as whoever serves its folder will. `executed`: its GTIDs. */
export interface ScratchState {
  uuid: string;
  executed: string;
  redoLog: string;
}

export interface ScratchOptions {
  site: MysqlSite;
  helper: Helper;
  /**
   * Of the server that the data came from: what decides how a folder is made and what loads into it. Empty
   * when not known.
   */
  settings: Settings;
  gtid: boolean;
  /** The folder is the service's own, with more in it than what is loaded: a crash must not harm that. */
  inPlace?: boolean;
  signal: AbortSignal;
}

/** As the owner of the service's files, so that they are his whatever account the service runs under. */
const started = async (
  {
    helper,
    signal,
    site,
  }: Pick<ScratchOptions, 'signal'> & { helper: Shell; site: Pick<MysqlSite, 'owner'> },
  argv: string[],
  what: string,
  env: Record<string, string> = {},
): Promise<string> => {
  const { code, stdout, stderr } = await helper.exec(argv, {
    user: site.owner,
    signal,
    env,
    deadlineMs: 120_000,
  });
  if (code === 0) return stdout;
  const log = await helper.exec(['sh', '-c', `grep -a ERROR ${logFile} | tail -n 3`]);
  throw environmentError(`${what} failed with code ${code}`, {
    found: (log.stdout || stderr).trim() || 'no message',
    expected: 'code 0',
  });
};

/** What decides how a folder is made. */
type Making = Pick<MysqlSite, 'owner' | 'product' | 'programs'>;

/**
 * An empty data folder as the server makes it; root without a password until the dump brings its own. Its
 * redo log is small, because the next server makes one of the size that it is told. Gives the milliseconds
 * from the beginning of the command to its end, by the clock beside it.
 */
export async function initialise(
  helper: Shell,
  folder: string,
  { settings, site, signal }: Pick<ScratchOptions, 'settings' | 'signal'> & { site: Making },
): Promise<number> {
  const said = await started(
    { helper, signal, site },
    [
      'sh',
      '-c',
      'read -r from _ </proc/uptime; "$@" >&2 || exit; read -r to _ </proc/uptime; echo "$from $to"',
      'timed',
      site.programs.maker,
      '--no-defaults',
      ...site.product.scratch.make,
      `--datadir=${folder}`,
      `--log-error=${logFile}`,
      ...folderOptions(settings),
    ],
    'initialising the data folder',
  );
  const [from, to] = said.trim().split(' ').map(Number);
  return Math.round((to! - from!) * 1000);
}

const poolOption =
  '--innodb-buffer-pool-size="$(awk \'/MemAvailable/ { m = $2 / 4096; print int(m < 64 ? 64 : m > 1024 ? 1024 : m) }\' /proc/meminfo)M"';
/** Until it answers, or is gone. Whom it lets in does not matter. */
const inTheBackground = `
  setsid "$@" ${poolOption} </dev/null >/dev/null 2>&1 & pid=$!
  until "$ADMIN" --no-defaults --socket="$SOCKET" --user=root ping >/dev/null 2>&1; do
    kill -0 "$pid" 2>/dev/null || exit 1; sleep 0.05
  done`;

/**
 * Starts it. Without its own binary log, doublewrite and flushing: a crash here only means that the restore
 * is done again, and none of these settings outlives the process. Replayed transactions keep their GTIDs all
 * the same (mysql.gtid_executed).
 */
export async function startScratch(options: ScratchOptions): Promise<ScratchServer> {
  const { site, gtid } = options;
  const { scratch } = site.product;
  await started(
    options,
    [
      'sh',
      '-c',
      scratch.daemonizes ? `exec "$@" ${poolOption}` : inTheBackground,
      'scratch',
      site.programs.server,
      '--no-defaults',
      `--datadir=${site.dataFolder}`,
      `--socket=${socket}`,
      `--pid-file=${pidFile}`,
      `--log-error=${logFile}`,
      '--skip-networking',
      '--skip-log-bin',
      '--event-scheduler=OFF',
      ...(options.inPlace ? [] : ['--innodb-doublewrite=OFF', '--innodb-flush-log-at-trx-commit=0']),
      '--performance-schema=OFF',
      '--max-allowed-packet=1G',
      ...scratch.options(gtid),
      ...loadingOptions(options.settings),
    ],
    'starting a server on the data folder',
    scratch.daemonizes ? {} : { ADMIN: site.programs.admin, SOCKET: socket },
  );
  return runningScratch(options);
}

/** How Muster's account gets in, once the dump has brought it. */
const asItself = ({ config, tlsAccount, product }: MysqlSite): string[] => [
  `--user=${config.user}`,
  ...(tlsAccount ? product.tlsOptions : []),
];
const client = ({ programs }: Pick<MysqlSite, 'programs'>, account: readonly string[]): string[] => [
  programs.client,
  '--no-defaults',
  `--socket=${socket}`,
  ...account,
  '--default-character-set=utf8mb4',
  '--max-allowed-packet=1G',
  '--binary-mode',
];

const failed = (what: string, { code, stderr }: ExecResult): Error =>
  environmentError(`${what} failed with code ${code}`, {
    found: stderr.trim().slice(0, 500) || 'no message',
    expected: 'code 0',
  });

/** Runs a program in the helper, with the password of the account at hand. */
type Run = (argv: string[], options?: ExecOptions) => Promise<ExecResult>;

/** One that was started with these options before, in the same helper. */
export function runningScratch(options: ScratchOptions): ScratchServer {
  const { site, helper, signal } = options;
  const { product, programs } = site;
  const account = asItself(site);
  const env = { MYSQL_PWD: site.password };
  const run: Run = (argv, given = {}) =>
    helper.exec(argv, { signal, ...given, env: { ...env, ...given.env } });
  const sql = async (statements: string): Promise<string> => {
    const how = ['--batch', '--raw', '--skip-column-names', '--execute', statements];
    const result = await run([...client(site, account), ...how]);
    if (result.code !== 0) throw failed('a statement of the restore', result);
    return result.stdout.trim();
  };
  return {
    sql,
    state: async () => {
      const said = stateIn(await sql(product.scratch.state));
      return 'entry' in product.identity ? { ...said, uuid: await identityIn(helper, site) } : said;
    },
    load: (path, progress, last) =>
      loadDump(run, site, { path, progress, last, account: ['--user=root'], password: '' }),
    loadInto: (path, progress) =>
      loadDump(run, site, { path, progress, account, password: site.password, off: 'DO 0' }),
    replay: async (paths, given) => {
      const from = product.scratch.logFrom(given);
      const result = await run(['bash', '-c', replayScript, 'replay', from, ...paths], {
        env: {
          CLIENT: client(site, account).join(' '),
          LOG: programs.log,
          HEAD: product.scratch.transactionHead,
        },
      });
      if (result.code !== 0) throw failed('replaying the log', result);
      return Number(result.stdout.trim().split('\n').at(-1));
    },
    stop: (instead = signal) => stopScratch(run, { ...options, signal: instead }),
    end: () => stopScratch(run, options, ['sh', '-c', 'kill -TERM "$(cat "$1")"', 'end', pidFile]),
  };
}

/** A set of GTIDs may go over several lines, and comes last. */
export function stateIn(said: string): ScratchState {
  const [uuid = '', redo = '', ...executed] = said.split('\n');
  return { uuid, redoLog: redo.split('\t')[1] ?? '', executed: executed.join('') };
}

/** Ends with this code where the redo log stays on; what is loaded comes in by the same command. */
const redoStaysOn = 90;
const loadScript = `off="$1"; shift; "$@" --execute "$off" </dev/null || exit ${redoStaysOn}; exec "$@"`;

const ended = (statements: readonly string[]): string => statements.map((one) => `${one};\n`).join('');

interface Loading {
  path: string;
  progress(bytes: number): void;
  last?: readonly string[] | undefined;
  account: readonly string[];
  password: string;
  /** What is said before it. Default: what the product says, to load sooner. */
  off?: string;
}

async function loadDump(run: Run, site: MysqlSite, given: Loading): Promise<void> {
  const { path, progress, last = [], account, password } = given;
  const { size } = await stat(path);
  let seen = 0;
  const input = readDump(path, (bytes) => progress((seen += bytes)), ended(last));
  const off = given.off ?? site.product.scratch.beforeLoad ?? 'DO 0';
  // The root of an empty data folder has no password yet.
  const result = await run(['sh', '-c', loadScript, 'load', off, ...client(site, account)], {
    stdin: input,
    env: { MYSQL_PWD: password },
  });
  if (result.code === redoStaysOn) throw failed('switching the redo log off', result);
  if (result.code !== 0) throw failed('loading the dump', result);
  if (seen !== size)
    throw environmentError('the dump was not read to its end', {
      found: `${seen} of ${size} bytes`,
      expected: 'all of it',
    });
}

const endsWithinMs = 60_000;
/** The server's own word that it has ended, which comes after its last file is closed. */
const stopScript = `pid="$1"; log="$2"; shift 2; "$@" || exit
  until [ ! -e "$pid" ] && grep -aq "Shutdown complete" "$log"; do sleep 0.02; done`;

async function stopScratch(run: Run, { site, signal }: ScratchOptions, asked?: string[]): Promise<void> {
  const account = [`--socket=${socket}`, ...asItself(site)];
  const shutdown = asked ?? [site.programs.admin, '--no-defaults', ...account, 'shutdown'];
  const result = await run(['sh', '-c', stopScript, 'stop', pidFile, logFile, ...shutdown], {
    signal,
    deadlineMs: endsWithinMs,
  });
  if (result.code !== 0) throw failed('ending the server of the restore', result);
}

/** The program heads a transaction with a comment; the statements go on to the client byte for byte. */
const replayScript = `
  set -o pipefail
  rm -f /tmp/muster-heads && mkfifo /tmp/muster-heads
  LC_ALL=C grep -acE "$HEAD" /tmp/muster-heads >/tmp/muster-count &
  $LOG --no-defaults "$@" | tee /tmp/muster-heads | $CLIENT
  code=$?
  wait $!
  cat /tmp/muster-count
  exit $code`;
