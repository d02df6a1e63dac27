import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { environmentError, messageOf, type MusterError } from '../core/errors.ts';

export interface Read {
  code: number | null;
  stdout: string;
  stderr: string;
  cutOff: boolean;
}

/**
 * Runs `docker` with arguments and gives what it wrote, in memory. Ended with all that it started after the
 * deadline, in milliseconds: Compose is a plug-in, a process of its own that goes on when only Docker's
 * client is killed. Environment error where there is no `docker`, or no Compose in it.
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
    const [code] = (await once(child, 'close').catch((error: unknown) => {
      throw noCompose(messageOf(error));
    })) as [number | null];
    const said = Buffer.concat(stderr).toString();
    if (code !== 0 && /is not a docker command|unknown command|unknown shorthand flag/.test(said))
      throw noCompose(said.trim().split('\n')[0]!);
    return { code, stdout: Buffer.concat(stdout).toString(), stderr: said, cutOff };
  } finally {
    clearTimeout(timer);
    process.off('exit', end);
  }
}

const noCompose = (found: string): MusterError =>
  environmentError('Docker Compose v2 is not there', {
    found,
    expected: '`docker compose`',
    hint: '`muster doctor --prepare` installs it on Debian',
  });
