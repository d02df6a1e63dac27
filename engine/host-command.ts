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
/** A process that left the group may hold the output open: it is not waited for longer. */
const drainMs = 2_000;

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
  running.stdout.on('data', (chunk: Uint8Array) => {
    const taking = stdout(chunk);
    if (!taking) return;
    running.stdout.pause();
    void taking.finally(() => running.stdout.resume());
  });
  running.stderr.on('data', stderr);
  let drain: NodeJS.Timeout | undefined;
  running.nodeChildProcess.once('exit', () => {
    if (limit.aborted) tree?.end();
    killed();
    drain = setTimeout(() => {
      running.stdout.destroy();
      running.stderr.destroy();
    }, drainMs);
  });
  try {
    const { exitCode, signal, cause, isCanceled } = await running;
    if (exitCode === undefined && signal === undefined && !isCanceled)
      throw environmentError(`${argv[0]} cannot be run on the host`, { cause });
    return exitCode ?? null;
  } finally {
    clearTimeout(drain);
    ended?.();
    process.off('exit', leaving);
    limit.removeEventListener('abort', late);
  }
}
