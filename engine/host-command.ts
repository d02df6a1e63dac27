import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { environmentError } from '../core/errors.ts';

export interface HostCommand {
  argv: string[];
  folder: string;
  env: Record<string, string>;
  limit: AbortSignal;
  stdout(chunk: Uint8Array): void;
  stderr(chunk: Uint8Array): void;
}

/** Between being asked to end and being ended. */
const graceMs = 1_000;
/** A process that left the group may hold the output open: it is not waited for longer. */
const drainMs = 2_000;

/**
 * Runs a command on this machine without a shell, in a process group of its own and with the given
 * environment and no other. At the limit the whole group is ended; when the command ends by itself, so is
 * what it left running in its group. Gives the exit code; null when a signal ended it. Environment error when
 * it cannot be started.
 */
export async function runOnHost({
  argv,
  folder,
  env,
  limit,
  stdout,
  stderr,
}: HostCommand): Promise<number | null> {
  const child = spawn(argv[0]!, argv.slice(1), {
    cwd: folder,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  const killed = (): void => signalGroup(child, 'SIGKILL');
  let grace: NodeJS.Timeout | undefined;
  const stop = (): void => {
    signalGroup(child, 'SIGTERM');
    grace = setTimeout(killed, graceMs);
  };
  // Muster may be told to leave at once.
  process.once('exit', killed);
  limit.addEventListener('abort', stop, { once: true });
  child.stdout.on('data', stdout);
  child.stderr.on('data', stderr);
  const drained = Promise.all([once(child.stdout, 'close'), once(child.stderr, 'close')]);
  drained.catch(() => undefined);
  try {
    const exited = once(child, 'exit') as Promise<[number | null]>;
    if (limit.aborted) stop();
    const [code] = await exited;
    killed();
    await drainedWithin(drained, child);
    return code;
  } catch (error) {
    throw environmentError(`${argv[0]} cannot be run on the host`, { cause: error });
  } finally {
    clearTimeout(grace);
    limit.removeEventListener('abort', stop);
    process.off('exit', killed);
  }
}

function signalGroup({ pid }: ChildProcess, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

async function drainedWithin(drained: Promise<unknown>, child: ChildProcess): Promise<void> {
  const timer = setTimeout(() => {
    child.stdout!.destroy();
    child.stderr!.destroy();
  }, drainMs);
  await drained.finally(() => clearTimeout(timer));
}
