import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

const main = join(import.meta.dirname, '../../cli/main.ts');

export interface Ended {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}
export interface Muster {
  readonly child: ChildProcess;
  readonly stderr: string;
  /** Resolves when a text has come out on standard error; rejects when it ended without. */
  said(text: string | RegExp): Promise<void>;
  readonly ended: Promise<Ended>;
}
export interface MusterOptions {
  cwd?: string;
  env?: Record<string, string | undefined>;
}

/**
 * The command line as a user has it: a process of its own, its output in pipes. In a process group of its
 * own, as a shell does.
 */
export function startMuster(args: readonly string[], { cwd, env }: MusterOptions = {}): Muster {
  const clean = { ...process.env, NO_COLOR: undefined, FORCE_COLOR: undefined, ...env };
  const child = spawn(process.execPath, [main, ...args], {
    cwd,
    env: clean,
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  child.stdout!.on('data', (chunk: Buffer) => void out.push(chunk));
  child.stderr!.on('data', (chunk: Buffer) => void err.push(chunk));
  const stderr = (): string => Buffer.concat(err).toString();
  const ended = once(child, 'close').then(
    ([code, signal]): Ended => ({
      code: code as number | null,
      signal: signal as NodeJS.Signals | null,
      stdout: Buffer.concat(out).toString(),
      stderr: stderr(),
    }),
  );
  const said = (text: string | RegExp): Promise<void> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        if (typeof text === 'string' ? stderr().includes(text) : text.test(stderr())) resolve();
      };
      child.stderr!.on('data', look);
      look();
      void ended.then(() => reject(new Error(`it ended without saying ${text}:\n${stderr()}`)));
    });
  return {
    child,
    ended,
    said,
    get stderr() {
      return stderr();
    },
  };
}

export const muster = (args: readonly string[], options?: MusterOptions): Promise<Ended> =>
  startMuster(args, options).ended;

export const jsonOf = <T = Record<string, unknown>>({ stdout }: Ended): T => JSON.parse(stdout) as T;
