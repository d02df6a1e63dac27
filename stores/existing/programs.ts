import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { environmentError, messageOf } from '../../core/errors.ts';

/** What Node has no unpacker for, and every machine has a program. `debian`: the package that it is in. */
const debian = { xz: 'xz-utils', bzip2: 'bzip2' } as const;
export type UnpackingProgram = keyof typeof debian;

const saidMost = 4_000;
const cutOff = /unexpected end|ends unexpectedly/i;
/** bzip2 leaves out what comes behind its last block, says so, and ends well. */
const leftOut = /trailing garbage/i;

/**
 * Unpacks a stream by the program of this machine that packed it. The content breaks where it is cut off or
 * damaged, also only in part; and where the program is not there.
 */
export const unpackedBy =
  (program: UnpackingProgram) =>
  async (source: Readable): Promise<Readable> =>
    Readable.from(unpacking(program, source), { objectMode: false, highWaterMark: 1024 * 1024 });

async function* unpacking(program: UnpackingProgram, source: Readable): AsyncGenerator<Buffer> {
  // Settings of the user's own, such as XZ_OPT, are for what the user packs.
  const env = { PATH: process.env['PATH'] ?? '', LC_ALL: 'C' };
  const child = spawn(program, ['--decompress', '--stdout'], { env, stdio: 'pipe' });
  const ended = once(child, 'close').then(
    ([code]) => ({ code: code as number | null, missing: null }),
    (error: unknown) => ({ code: null, missing: error }),
  );
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => {
    if (said.length < saidMost) said += chunk.toString('latin1');
  });
  let without: unknown = null;
  async function* given(): AsyncGenerator<Buffer> {
    try {
      yield* source as AsyncIterable<Buffer>;
    } catch (error) {
      without = error;
      throw error;
    }
  }
  // Of a program that ends early its own words tell more than that nobody reads any more.
  const fed = pipeline(given(), child.stdin).catch(() => undefined);
  try {
    try {
      yield* child.stdout as AsyncIterable<Buffer>;
    } catch (error) {
      if ((await ended).missing === null) throw error;
    }
    const { code, missing } = await ended;
    if (missing !== null) throw noProgram(program, missing);
    await fed;
    // What is wrong with the layer without cut this one off.
    if (without !== null) throw without;
    if (code !== 0 || leftOut.test(said)) throw broken(program, said.trim(), code);
  } finally {
    child.kill('SIGKILL');
    source.destroy();
  }
}

const noProgram = (program: UnpackingProgram, cause: unknown): Error =>
  environmentError(`it is packed with ${program}, which is not on this machine`, {
    found: messageOf(cause),
    expected: `the program ${program} (of Debian's package ${debian[program]})`,
    cause,
  });

const broken = (program: UnpackingProgram, said: string, code: number | null): Error =>
  environmentError(
    cutOff.test(said) ? `it is cut off: its ${program} ends in the middle` : `its ${program} is damaged`,
    {
      found: said.split('\n')[0] || `${program} ended with ${code}`,
      expected: `a whole ${program} file`,
    },
  );
