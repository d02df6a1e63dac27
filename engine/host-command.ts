import type { Readable } from 'node:stream';
import { execa } from 'execa';
import { environmentError } from '../core/errors.ts';
import { processTree, type ProcessTree } from './process-tree.ts';

export interface HostCommand {
  argv: string[];
  folder: string;
  env: Record<string, string>;
  limit: AbortSignal;
  /** Nothing more is read before it is done. */
  stdout(chunk: Uint8Array): void | Promise<void>;
  stderr(chunk: Uint8Array): void;
  /** Told of its process, which leads its group. Gives what is called once all of that has ended. */
  begun?(pid: number): () => void;
}

/** Between being asked to end and being ended. */
const graceMs = 1_000;
/**
 * A process that left the group may hold the output open. What the command itself had said is over when
 * nothing more has come for so many looks in a row, after so many in all, or more than any pipe holds.
 */
const drain = { lookEveryMs: 250, quietLooks: 8, looksMax: 20, bytesMax: 4 * 1024 ** 2 };

/**
 * Runs a command on this machine without a shell, in a process group of its own and with the given
 * environment and no other. At the limit the whole group is ended, and what it has begun in groups of their
 * own; when the command ends by itself, so is what it left running in its group. Gives the exit code; null
 * when a signal ended it. Environment error when it cannot be started.
 */
export async function runOnHost({
  argv,
  folder,
  env,
  limit,
  stdout,
  stderr,
  begun,
}: HostCommand): Promise<number | null> {
  let tree: ProcessTree | null = null;
  // Before execa hears of it: what has lost its parent is found no more.
  const late = (): void => tree?.askToEnd();
  limit.addEventListener('abort', late, { once: true });
  const running = execa(argv[0]!, argv.slice(1), {
    cwd: folder,
    env,
    extendEnv: false,
    stdin: 'ignore',
    buffer: false,
    reject: false,
    killDescendants: true,
    cancelSignal: limit,
    forceKillAfterDelay: graceMs,
    // Below: at once, and by force.
    cleanup: false,
  });
  const { pid } = running;
  if (pid !== undefined) tree = processTree(pid);
  const ended = pid === undefined ? undefined : begun?.(pid);
  const killed = (): void => void running.kill('SIGKILL');
  // Muster may be told to leave at once.
  const leaving = (): void => {
    tree?.end();
    killed();
  };
  process.once('exit', leaving);
  const output = listenTo(running, { stdout, stderr, limit });
  running.nodeChildProcess.once('exit', () => {
    if (limit.aborted) tree?.end();
    killed();
    output.ends();
  });
  try {
    const { exitCode, signal, cause, isCanceled } = await running;
    if (exitCode === undefined && signal === undefined && !isCanceled)
      throw environmentError(`${argv[0]} cannot be run on the host`, { cause });
    await output.done;
    return exitCode ?? null;
  } finally {
    output.stop();
    ended?.();
    process.off('exit', leaving);
    limit.removeEventListener('abort', late);
  }
}

/**
 * Hands on what a command says; `ends`: it has ended, and only what it had said by then is waited for.
 * `done`: all is taken. Standard output is asked for piece by piece: what is only paused Node sets going
 * again when the process ends (`flushStdio` of lib/internal/child_process.js).
 */
function listenTo(
  from: { stdout: Readable; stderr: Readable },
  { stdout, stderr, limit }: Pick<HostCommand, 'stdout' | 'stderr' | 'limit'>,
): { ends(): void; stop(): void; done: Promise<void> } {
  let bytes = 0;
  let looks = 0;
  let quietLooks = 0;
  let isTaking = false;
  let looking: NodeJS.Timeout | undefined;
  const heard = ({ length }: Uint8Array): void => {
    bytes += length;
    quietLooks = 0;
  };
  let failure: { error: unknown } | null = null;
  const take = async (chunk: Uint8Array): Promise<void> => {
    heard(chunk);
    if (failure) return;
    isTaking = true;
    try {
      await stdout(chunk);
    } catch (error) {
      failure ??= { error };
    }
    isTaking = false;
  };
  const takeAll = async (): Promise<void> => {
    // Cut off, it ends with an error of the stream's, and what had come by then is all that there is.
    try {
      for await (const chunk of from.stdout as AsyncIterable<Uint8Array>) await take(chunk);
    } catch {}
    if (failure) throw failure.error;
  };
  const cutOff = Promise.withResolvers<void>();
  from.stderr.on('data', (chunk: Uint8Array) => {
    heard(chunk);
    stderr(chunk);
  });
  const look = (): void => {
    // Whoever takes it may be slow, and holds back what the pipe still has.
    if (isTaking && !limit.aborted) return;
    looks += 1;
    quietLooks += 1;
    const isOver = quietLooks >= drain.quietLooks || looks >= drain.looksMax || bytes > drain.bytesMax;
    if (!isOver && !limit.aborted) return;
    from.stdout.destroy();
    from.stderr.destroy();
    if (isTaking) cutOff.resolve();
  };
  const done = Promise.race([takeAll(), cutOff.promise]);
  done.catch(() => undefined);
  return {
    ends: () => {
      bytes = 0;
      looking = setInterval(look, drain.lookEveryMs);
    },
    stop: () => clearInterval(looking),
    done,
  };
}
