import { environmentError, messageOf, type MusterError } from '../core/errors.ts';

export interface Read {
  code: number | null;
  stdout: string;
  stderr: string;
  cutOff: boolean;
}

/**
 * Runs `docker` with arguments and gives what it wrote, in memory. Ended with all that it started after the
 * deadline, in milliseconds, by the signal, or when Muster ends: Compose is a plug-in, a process of its own
 * that goes on when only Docker's client is killed, and in a group of its own it does not hear the terminal's
 * Ctrl-C. Rejects with the signal's reason; environment error where there is no `docker`, or no Compose.
 */
export async function readFromDocker(
  args: readonly string[],
  environment: NodeJS.ProcessEnv,
  deadlineMs: number,
  meanwhile: () => void = () => undefined,
  signal?: AbortSignal,
): Promise<Read> {
  const { execa } = await import('execa');
  const reading = withSignalsHeld(() =>
    execa('docker', args, {
      env: environment,
      extendEnv: false,
      stdin: 'ignore',
      stripFinalNewline: false,
      reject: false,
      timeout: deadlineMs,
      killSignal: 'SIGKILL',
      killDescendants: true,
      ...(signal ? { cancelSignal: signal } : {}),
    }),
  );
  meanwhile();
  const { exitCode, signal: ended, stdout, stderr, timedOut, cause } = await reading;
  signal?.throwIfAborted();
  if (exitCode === undefined && ended === undefined && !timedOut) throw noCompose(messageOf(cause));
  if (exitCode !== 0 && /is not a docker command|unknown command|unknown shorthand flag/.test(stderr))
    throw noCompose(stderr.trim().split('\n')[0]!);
  return { code: exitCode ?? null, stdout, stderr, cutOff: timedOut };
}

/**
 * A signal that comes when the child has begun, and execa does not listen yet, would end Muster alone: it is
 * heard after this.
 */
function withSignalsHeld<T>(start: () => T): T {
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  const held = (): void => undefined;
  for (const signal of signals) process.on(signal, held);
  try {
    return start();
  } finally {
    for (const signal of signals) process.off(signal, held);
  }
}

const noCompose = (found: string): MusterError =>
  environmentError('Docker Compose v2 is not there', {
    found,
    expected: '`docker compose`',
    hint: '`muster doctor --prepare` installs it on Debian',
  });
