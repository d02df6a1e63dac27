import { spawn } from 'node:child_process';
import { once } from 'node:events';

export interface Read {
  code: number | null;
  stdout: string;
  stderr: string;
  cutOff: boolean;
}

/**
 * Runs `docker` with arguments and gives what it wrote, in memory. Ended with all that it started after the
 * deadline, in milliseconds: Compose is a plug-in, a process of its own that goes on when only Docker's
 * client is killed. Rejects where there is no `docker`.
 */
export async function readFromDocker(
  args: readonly string[],
  environment: NodeJS.ProcessEnv,
  deadlineMs: number,
  meanwhile: () => void = () => undefined,
): Promise<Read> {
  const child = spawn('docker', args, {
    env: environment,
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => void stdout.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => void stderr.push(chunk));
  let cutOff = false;
  const end = (): void => {
    if (child.pid !== undefined && child.exitCode === null && child.signalCode === null)
      process.kill(-child.pid, 'SIGKILL');
  };
  const timer = setTimeout(() => {
    cutOff = true;
    end();
  }, deadlineMs);
  // In a group of its own, it does not hear the terminal's Ctrl-C.
  process.once('exit', end);
  meanwhile();
  try {
    const [code] = (await once(child, 'close')) as [number | null];
    return {
      code,
      stdout: Buffer.concat(stdout).toString(),
      stderr: Buffer.concat(stderr).toString(),
      cutOff,
    };
  } finally {
    clearTimeout(timer);
    process.off('exit', end);
  }
}
