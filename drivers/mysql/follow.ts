import { pollUntil } from '../../core/clock.ts';
import type { BackupMethod, Follower } from '../../core/backup.ts';
import { environmentError, messageOf } from '../../core/errors.ts';
import type { Helper, Running } from '../../core/service.ts';
import { answered } from '../fencing.ts';
import { serverPort } from './config.ts';
import { logEnded, type LogEnd } from './log-end.ts';
import { ship, type Shipping } from './log-shipping.ts';
import { logState, whereToBegin } from './log-state.ts';
import type { MysqlSite } from './site.ts';
import { probeMs } from './session.ts';

const folder = '/tmp/muster-binlog';
const reconnectEveryMs = 250;
/** How long a server that lets somebody in may take to say what it has written. */
const answerMs = 5_000;
/** How long the first bytes may take: a log of gigabytes comes as it is read. */
const beginMs = 30_000;
/** How long the server may be away (crash recovery, a restart loop) before following is given up. */
const patienceMs = 60_000;

/**
 * Follows the binary log as `mysqlbinlog --raw --stop-never` receives it, in a helper of its own. It does not
 * reconnect by itself: here it is started again, and the last file is received from its beginning, because a
 * server that crashed may have cut the end of it off; what is in the log of it is only compared. Another
 * server's log is never followed in its place: its files would have the same names.
 */
export const followBinlog =
  (site: MysqlSite): NonNullable<BackupMethod['follow']> =>
  async (to, { signal, base }): Promise<Follower> => {
    const { uuid, files, first } = await whereToBegin(site, base?.position['file']);
    if (!files.includes(first))
      throw environmentError(`the server no longer has ${first}`, {
        found: files.join(', '),
        expected: 'the file that the base names',
        hint: 'binlog_expire_logs_seconds must be longer than the interval between snapshots',
      });
    const helper = await site.service.helper({ network: 'stack' });
    const state: FollowState = {
      site,
      helper,
      uuid,
      stopped: new AbortController(),
      fetching: null,
      shipping: {
        clock: site.clock,
        shell: helper,
        folder,
        to,
        hurried: false,
        inLog: new Map(),
        seen: 0,
      },
      said: null,
    };
    const loop = run(state, first, signal).catch((error: unknown) => messageOf(error));
    await begun(state, loop, signal);
    const broken = new Promise<string>((resolve) => {
      void loop.then((reason) => {
        if (!state.stopped.signal.aborted) resolve(reason);
      });
    });
    return {
      broken,
      stop: async () => {
        const lacking = await drain(state, loop);
        state.stopped.abort();
        await state.fetching?.kill().catch(() => undefined);
        await loop;
        await helper.remove();
        return lacking;
      },
    };
  };

interface FollowState {
  site: MysqlSite;
  helper: Helper;
  uuid: string;
  stopped: AbortController;
  fetching: Running | null;
  shipping: Shipping;
  /** Why the last fetching ended. */
  said: string | null;
}

/**
 * Following has begun when the first bytes are where they belong, and not before. Environment error when that
 * never comes.
 */
async function begun(state: FollowState, loop: Promise<string>, signal: AbortSignal): Promise<void> {
  const { site, helper, shipping } = state;
  const isThere = (): boolean => shipping.inLog.size > 0;
  let ended: string | null = null;
  void loop.then((reason) => (ended = reason));
  const first = await pollUntil(
    site.clock,
    { everyMs: 20, deadlineMs: beginMs, signal },
    async () => isThere() || ended !== null,
  ).catch(() => null);
  if (isThere()) return;
  state.stopped.abort();
  await state.fetching?.kill().catch(() => undefined);
  await loop;
  await helper.remove();
  signal.throwIfAborted();
  throw environmentError(`following the log of ${site.service.name} does not begin`, {
    found: state.said ?? ended ?? (first === null ? `nothing within ${beginMs / 1000} s` : 'nothing'),
    expected: `${site.programs.log} in the image of the service, and an account that may replicate`,
  });
}

/**
 * What the server had written when it was asked is shipped before following ends, unless the server is away.
 * Gives what is lacking all the same.
 */
async function drain(state: FollowState, ended: Promise<string>): Promise<string | null> {
  const { site, uuid, shipping } = state;
  shipping.hurried = true;
  let over = false;
  void ended.then(() => (over = true));
  const ask = async (): Promise<LogEnd | null> => {
    const now = await answered(site, answerMs, logState(site, probeMs)).catch(() => null);
    return now?.uuid === uuid ? { file: now.files.at(-1)!, bytes: now.lastBytes } : null;
  };
  return logEnded({
    clock: site.clock,
    ask,
    inLog: (file) => shipping.inLog.get(file)?.bytes ?? 0,
    seen: () => shipping.seen,
    over: () => over,
  });
}

/** Runs until it cannot go on, and says why. */
async function run(state: FollowState, first: string, signal: AbortSignal): Promise<string> {
  const ending = AbortSignal.any([state.stopped.signal, signal]);
  let file = first;
  while (!ending.aborted) {
    file = await fetchFrom(state, file, ending);
    if (ending.aborted) break;
    // What never began does not begin by being tried again.
    if (state.shipping.inLog.size === 0) return state.said ?? `${state.site.programs.log} ended by itself`;
    const now = await pollUntil(
      state.site.clock,
      { everyMs: reconnectEveryMs, deadlineMs: patienceMs, signal: ending },
      () => logState(state.site, probeMs).catch(() => null),
    );
    if (now === null) return `${state.site.service.name} has not answered for ${patienceMs / 1000} s`;
    if (now.uuid !== state.uuid) return `another server answers in its place: ${now.uuid}, was ${state.uuid}`;
    if (!now.files.includes(file)) return `the server no longer has ${file}`;
  }
  return 'stopped';
}

/**
 * Fetches from the beginning of one file until the connection ends. Gives the file that it was in by then.
 */
async function fetchFrom(state: FollowState, first: string, ending: AbortSignal): Promise<string> {
  const { site, helper } = state;
  const fetching = await helper.spawn(fetchCommand(site, first), { env: { MYSQL_PWD: site.password } });
  state.fetching = fetching;
  if (ending.aborted) await fetching.kill();
  let file = first;
  try {
    await began(fetching);
    for (let next: string | null = first; next !== null; next = await ship(state.shipping, file)) file = next;
  } finally {
    await fetching.kill().catch(() => undefined);
    const ended = await fetching.done.catch((error: unknown) => ({ code: -1, stderr: messageOf(error) }));
    state.said =
      ended.stderr.trim().split('\n').at(-1) || `${site.programs.log} ended with code ${ended.code}`;
  }
  return file;
}

/** Its own process id lets the readers of its files see when nothing more can come. */
const fetchCommand = (
  { config, service, seed, component, programs, product, tls }: MysqlSite,
  first: string,
): string[] => [
  'sh',
  '-c',
  `rm -rf ${folder} && mkdir -m 700 ${folder} && echo $$ > ${folder}/.pid && echo began && exec "$@"`,
  'follow',
  programs.log,
  '--read-from-remote-server',
  '--raw',
  '--stop-never',
  ...product.followOptions(serverId(seed, component)),
  ...(tls ? product.tlsOptions : []),
  `--host=${service.name}`,
  `--port=${serverPort}`,
  `--user=${config.user}`,
  `--result-file=${folder}/`,
  first,
];

/** In a range that people do not use; two followers of one id would throw each other out. */
function serverId(seed: number, component: string): number {
  let hash = seed | 0;
  for (const character of component) hash = Math.imul(hash ^ character.charCodeAt(0), 0x01000193);
  return 3_000_000_000 + ((hash >>> 0) % 1_000_000_000);
}

async function began(fetching: Running): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    fetching.stdout
      .once('data', () => resolve())
      .once('end', resolve)
      .once('error', reject);
  });
  fetching.stdout.resume();
}
