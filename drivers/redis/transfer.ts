import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { Transform } from 'node:stream';
import type { Sink } from '../../core/backup.ts';
import { environmentError } from '../../core/errors.ts';
import type { ExecOptions, ExecResult, Shell } from '../../core/service.ts';

/** What went wrong, by the code that a script ended with: one script does what were several processes. */
export type Refusals = Readonly<Record<number, string>> & { readonly else: string };

/** Runs a command that must succeed. Rejects with what it printed when it does not. */
export async function must(
  shell: Shell,
  what: string | Refusals,
  argv: string[],
  options?: ExecOptions,
): Promise<ExecResult> {
  const result = await shell.exec(argv, options);
  if (result.code !== 0)
    throw environmentError(typeof what === 'string' ? what : (what[result.code] ?? what.else), {
      found: `exit code ${result.code}: ${(result.stderr.trim() || result.stdout.trim()).slice(-500)}`,
    });
  return result;
}

/** Runs a shell script of ours with its arguments; they are never part of the script's text. */
export const script = (
  shell: Shell,
  what: string | Refusals,
  text: string,
  args: string[],
  options?: ExecOptions,
): Promise<ExecResult> => must(shell, what, ['sh', '-eu', '-c', text, 'muster', ...args], options);

/**
 * The first `bytes` of a file in the container, into the sink. Rejects unless exactly that much came and the
 * command ended well.
 */
export async function fetchFile(
  shell: Shell,
  to: Sink,
  file: { name: string; path: string; bytes: number },
  inspect: (chunk: Buffer) => void,
  signal: AbortSignal,
): Promise<{ plainBytes: number; sha256: string }> {
  const running = await shell.spawn(['head', '-c', String(file.bytes), file.path], { signal });
  let seen = 0;
  const counted = new Transform({
    transform: (chunk: Buffer, _encoding, done) => {
      seen += chunk.length;
      inspect(chunk);
      done(null, chunk);
    },
    // The end of the stream waits for the command's own account: a file cut short is an error inside the
    // pipe, so that no store keeps it.
    flush: (done) => {
      running.done.then(({ code, stderr }) => {
        const whole = code === 0 && seen === file.bytes;
        done(
          whole
            ? null
            : environmentError(`${file.path} was not read whole`, {
                found: `${seen} bytes, exit code ${code} ${stderr.trim()}`.trim(),
                expected: `${file.bytes} bytes`,
              }),
        );
      }, done);
    },
  });
  running.stdout.once('error', (error) => counted.destroy(error));
  counted.once('close', () => {
    if (!counted.readableEnded) running.kill().catch(() => undefined);
  });
  try {
    return await to.put(file.name, running.stdout.pipe(counted));
  } finally {
    counted.destroy();
  }
}

export interface Sending {
  signal: AbortSignal;
  sent(bytes: number): void;
}

/** A local file as the input of a command, and how a script takes it: whole, to `$1`, of `$2` bytes. */
export const takeFile = 'umask 077; cat > "$1" && test "$(wc -c < "$1")" -eq "$2"';
export function sourceOf(path: string, { signal, sent }: Sending): ExecOptions {
  const source = createReadStream(path, { highWaterMark: 1024 * 1024 });
  source.on('data', (chunk) => sent(chunk.length));
  source.pause();
  return { stdin: source, signal };
}

/** Puts a local file into the container, whole. */
export async function sendFile(
  shell: Shell,
  from: { path: string; bytes: number },
  to: string,
  sending: Sending,
): Promise<void> {
  const args = [to, String(from.bytes)];
  await script(shell, `${to} cannot be written`, takeFile, args, sourceOf(from.path, sending));
}

/** First and last bytes of a local file; fewer when it is shorter. */
export async function edgesOf(
  path: string,
  count: number,
): Promise<{ head: Buffer; tail: Buffer; bytes: number }> {
  const file = await open(path);
  try {
    const { size } = await file.stat();
    const part = Math.min(count, size);
    const head = Buffer.alloc(part);
    const tail = Buffer.alloc(part);
    await file.read(head, 0, part, 0);
    await file.read(tail, 0, part, size - part);
    return { head, tail, bytes: size };
  } finally {
    await file.close();
  }
}
