import { Readable, Writable, type Duplex } from 'node:stream';
import { pollUntil, type Clock } from '../core/clock.ts';
import { environmentError, messageOf } from '../core/errors.ts';
import type { ExecOptions, ExecResult, Running, Shell } from '../core/service.ts';
import { demultiplex, stderrStream } from './frames.ts';
import type { HostSignal } from './host-signal.ts';
import { outOfGroup } from './processes.ts';
import { statusOf, type Container, type Runtime } from './runtime.ts';

/** Where commands run: a container, how people call it, and how a process in it is ended. */
export interface ShellSite {
  runtime: Runtime;
  container: Container;
  name: string;
  hostSignal: HostSignal;
  clock: Clock;
}

const stderrKeptBytes = 64 * 1024;

/** Commands in a running container, through the engine's exec. Arguments are never interpreted by a shell. */
export function containerShell(site: ShellSite): Shell {
  const spawn = (argv: string[], options: Parameters<Shell['spawn']>[1] = {}): Promise<Running> =>
    start(site, argv, options, true);
  return { spawn, exec: (argv, options = {}) => run(site, argv, options) };
}

async function run(site: ShellSite, argv: string[], options: ExecOptions): Promise<ExecResult> {
  const { stdin, deadlineMs, signal, ...rest } = options;
  const limits = [signal, deadlineMs === undefined ? undefined : AbortSignal.timeout(deadlineMs)].filter(
    (each) => each !== undefined,
  );
  const limit = limits.length > 0 ? AbortSignal.any(limits) : undefined;
  const running = await start(site, argv, { ...rest, signal: limit }, stdin !== undefined);
  const chunks: Buffer[] = [];
  const read = (async () => {
    for await (const chunk of running.stdout) chunks.push(chunk as Buffer);
  })();
  const [, fed, ended] = await Promise.allSettled([read, feed(running, stdin), running.done]);
  // A source that broke has the command killed: that is the reason, whatever else went wrong after it.
  if (fed.status === 'rejected') throw fed.reason;
  if (ended.status === 'rejected') {
    const late = deadlineMs !== undefined && limit?.aborted && !signal?.aborted;
    throw late
      ? environmentError(`${argv[0]} in ${site.name} did not end within ${deadlineMs} ms and was killed`, {
          cause: ended.reason,
        })
      : ended.reason;
  }
  return { ...ended.value, stdout: Buffer.concat(chunks).toString('utf8') };
}

/**
 * Gives a command its input. A command that ends without reading all of it is not an error; a source that
 * breaks is, and has the command killed.
 */
async function feed(running: Running, stdin: ExecOptions['stdin']): Promise<void> {
  if (stdin === undefined) return;
  const source = stdin instanceof Readable ? stdin : Readable.from([Buffer.from(stdin)]);
  let over = false;
  const stop = (): void => {
    over = true;
    source.destroy();
  };
  running.done.then(stop, stop);
  try {
    for await (const chunk of source) if (!(await written(running.stdin, chunk as Buffer))) return;
  } catch (error) {
    if (over) return;
    running.stdin.destroy(error as Error);
    throw error;
  }
  running.stdin.end();
}

/** Whether a chunk was taken; false when nobody is there any more. */
const written = (input: Writable, chunk: Buffer): Promise<boolean> =>
  new Promise(
    (resolve) => void (input.destroyed ? resolve(false) : input.write(chunk, (error) => resolve(!error))),
  );

async function start(
  site: ShellSite,
  argv: string[],
  options: Omit<ExecOptions, 'stdin' | 'deadlineMs'>,
  withInput: boolean,
): Promise<Running> {
  options.signal?.throwIfAborted();
  const { exec, socket } = await open(site, argv, options, withInput);
  const stderr = tail(stderrKeptBytes);
  let head: Buffer | null = null;
  const stdout = demultiplex(socket, (stream, payload) => {
    if (stream === stderrStream) stderr.add(payload);
    else head ??= payload.subarray(0, 4096);
  });
  const kill = async (): Promise<void> => {
    const pid = await pidOf(site, exec);
    if (pid === 0) return;
    const container = site.container.id;
    // Looked for first: what has lost its parent is found no more.
    const apart = await outOfGroup(site.container, pid);
    await site.hostSignal.send({ pid, container, signal: 'SIGKILL', group: true });
    for (const one of apart)
      await site.hostSignal.send({ pid: one, container, signal: 'SIGKILL' }).catch(() => undefined);
  };
  const onAbort = (): void =>
    void kill()
      .catch(() => undefined)
      .finally(() => stdout.destroy(options.signal!.reason as Error));
  options.signal?.addEventListener('abort', onAbort, { once: true });
  // A reader that gives up leaves a command that would wait for ever to be read.
  stdout.once('close', () => {
    if (!stdout.readableEnded) kill().catch(() => undefined);
  });
  const end = async (): Promise<{ code: number; stderr: string }> => {
    await delivered(stdout);
    const seen = await ended(site, exec, argv);
    options.signal?.throwIfAborted();
    // The engine reports a command that it cannot start on the command's own output.
    const words = `${head ?? ''}${stderr.text()}`;
    if (seen >= 126 && words.startsWith('OCI runtime exec failed'))
      throw cannotRun(site, argv, new Error(words.trim()));
    return { code: seen, stderr: stderr.text() };
  };
  const done = end().finally(() => options.signal?.removeEventListener('abort', onAbort));
  done.catch(() => undefined);
  return { stdin: inputOf(socket, kill), stdout, done, kill };
}

type Exec = Awaited<ReturnType<Container['exec']>>;

/**
 * A container that the restart policy is about to start runs in a moment: a command waits for that rather
 * than to fail in between.
 */
const restartMs = 10_000;
const isBetweenLives = (error: unknown): boolean =>
  statusOf(error) === 409 && /is restarting/.test(messageOf(error));

async function open(
  site: ShellSite,
  argv: string[],
  options: ExecOptions,
  withInput: boolean,
): Promise<{ exec: Exec; socket: Duplex }> {
  let between: unknown = null;
  const opened = await pollUntil(
    site.clock,
    { everyMs: 50, deadlineMs: restartMs, signal: options.signal },
    () =>
      openNow(site, argv, options, withInput).catch((error: unknown) => {
        if (!isBetweenLives((error as Error).cause)) throw error;
        between = error;
        return null;
      }),
  );
  if (opened === null) throw between;
  return opened;
}

async function openNow(
  site: ShellSite,
  argv: string[],
  options: ExecOptions,
  withInput: boolean,
): Promise<{ exec: Exec; socket: Duplex }> {
  try {
    const exec = await site.container.exec({
      Cmd: argv,
      AttachStdin: withInput,
      AttachStdout: true,
      AttachStderr: true,
      ...(options.user === undefined ? {} : { User: options.user }),
      ...(options.env === undefined
        ? {}
        : { Env: Object.entries(options.env).map(([name, value]) => `${name}=${value}`) }),
    });
    return { exec, socket: await exec.start({ hijack: true, stdin: withInput }) };
  } catch (error) {
    throw cannotRun(site, argv, error);
  }
}

const cannotRun = (site: ShellSite, argv: string[], error: unknown): Error =>
  environmentError(`${argv[0]} cannot be run in ${site.name}`, { found: messageOf(error), cause: error });

/**
 * The command's PID on the engine's host; 0 once it has ended. The engine answers before the command has
 * begun, and may deliver its first output before it tells its PID.
 */
async function pidOf(site: ShellSite, exec: Exec): Promise<number> {
  const seen = await pollUntil(site.clock, { everyMs: 5, deadlineMs: 30_000 }, async () => {
    const found = await exec.inspect();
    if (found.ExitCode !== null) return { pid: 0 };
    return found.Running && found.Pid > 0 ? { pid: found.Pid } : null;
  });
  if (seen === null) throw environmentError(`a command in ${site.name} neither runs nor ended`);
  return seen.pid;
}

/** The exit code. A command may close its output some time before it ends. */
async function ended(site: ShellSite, exec: Exec, argv: string[]): Promise<number> {
  const seen = await pollUntil(site.clock, { everyMs: 5, deadlineMs: 60_000 }, async () => {
    const found = await exec.inspect();
    return found.Running || found.ExitCode === null ? null : { code: found.ExitCode };
  });
  if (seen === null) throw environmentError(`${argv[0]} in ${site.name} closed its output but does not end`);
  return seen.code;
}

/**
 * The command's input. Ending it is end of file; destroying it kills the command first, because a command
 * that sees the end of a broken stream takes the half for the whole.
 */
function inputOf(socket: Duplex, kill: () => Promise<void>): Writable {
  const input = new Writable({
    highWaterMark: 1024 * 1024,
    write: (chunk, _encoding, done) => void socket.write(chunk, done),
    final: (done) => void socket.end(done),
    destroy: (error, done) => {
      if (error === null) return done(null);
      kill()
        .catch(() => undefined)
        .finally(() => {
          socket.destroy();
          done(error);
        });
    },
  });
  // A command may end without reading its input; whoever writes sees it in `done`.
  input.on('error', () => undefined);
  return input;
}

/** Resolves when a stream has been read to its end, or given up by its reader; rejects when it broke. */
function delivered(stream: Readable): Promise<void> {
  return new Promise((resolve, reject) => {
    stream.once('end', resolve).once('close', resolve).once('error', reject);
  });
}

function tail(bytes: number): { add(chunk: Buffer): void; text(): string } {
  let kept: Buffer[] = [];
  let length = 0;
  return {
    add: (chunk) => {
      kept.push(chunk);
      length += chunk.length;
      if (length > 2 * bytes) {
        kept = [Buffer.concat(kept).subarray(-bytes)];
        length = bytes;
      }
    },
    text: () => Buffer.concat(kept).subarray(-bytes).toString('utf8'),
  };
}
