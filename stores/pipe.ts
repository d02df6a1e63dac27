import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { MusterError, environmentError, messageOf } from '../core/errors.ts';
import type { StoredFile } from '../core/recovery-point.ts';
import type { Store } from '../core/store.ts';
import type { Binding, Cipher } from './cipher.ts';
import { compressor, decompressor } from './compression.ts';
import { writeCopies, type Copies } from './copies.ts';
import { meter } from './meter.ts';

export interface Sealing {
  cipher: Cipher;
  binding: Binding;
}

const chunkBytes = 1024 * 1024;

/**
 * Compresses, encrypts and stores in every copy at once; plain bytes reach no store. Raises the first reason,
 * with nothing left in any copy.
 */
export async function pack(
  content: Readable,
  to: { copies: Copies; key: string; sealing: Sealing | null; signal: AbortSignal },
): Promise<Omit<StoredFile, 'name' | 'key'>> {
  const plain = meter();
  const stored = meter();
  const encrypt = to.sealing ? [to.sealing.cipher.encryptStream(to.sealing.binding)] : [];
  let writing: Promise<void> | null = null;
  const write = (body: AsyncIterable<Buffer>): Promise<void> =>
    (writing = writeCopies(to.copies, to.key, body, to.signal));
  await pipeline([content, plain, compressor(), ...encrypt, stored, write] as never, {
    signal: to.signal,
  }).catch(async (error: unknown) => {
    // A copy that fails while the pipe is full destroys the stream before it: the pipeline then knows of an
    // AbortError only, and before the copies have told why.
    if ((error as Error).name === 'AbortError' && !to.signal.aborted) await writing;
    throw error;
  });
  return {
    plainBytes: plain.bytes,
    plainSha256: plain.sha256(),
    storedBytes: stored.bytes,
    storedSha256: stored.sha256(),
  };
}

/** Downloads one file, and refuses it unless it is, byte for byte, what the recovery point says. */
export async function download(
  file: StoredFile,
  from: { store: Store; name: string; path: string; signal: AbortSignal; progress(bytes: number): void },
): Promise<void> {
  const refused = refusal(`${file.key} in store ${from.name}`);
  const body = await from.store.read(file.key);
  const seen = meter({
    bytesMax: file.storedBytes,
    error: () =>
      refused(
        'it is longer than was recorded',
        `more than ${file.storedBytes} bytes`,
        `${file.storedBytes} bytes`,
      ),
    progress: from.progress,
  });
  await mkdir(dirname(from.path), { recursive: true, mode: 0o700 });
  await pipeline(body, seen, createWriteStream(from.path, { mode: 0o600, highWaterMark: chunkBytes }), {
    signal: from.signal,
  }).catch((error: unknown) => {
    throw error instanceof MusterError || from.signal.aborted
      ? error
      : environmentError(`${file.key} could not be fetched from store ${from.name}`, {
          found: messageOf(error),
          cause: error,
        });
  });
  if (seen.bytes !== file.storedBytes)
    throw refused('it is shorter than was recorded', `${seen.bytes} bytes`, `${file.storedBytes} bytes`);
  if (seen.sha256() !== file.storedSha256)
    throw refused('its SHA-256 is not the one that was recorded', seen.sha256(), file.storedSha256);
}

/**
 * Decrypts and unpacks a downloaded file, and refuses what is not, byte for byte, the file that was backed
 * up.
 */
export async function unpack(
  file: StoredFile,
  from: {
    path: string;
    target: string;
    sealing: Sealing | null;
    signal: AbortSignal;
    progress(bytes: number): void;
  },
): Promise<void> {
  const refused = refusal(file.key);
  const plain = meter({
    bytesMax: file.plainBytes,
    error: () =>
      refused(
        'it unpacks to more than was recorded',
        `more than ${file.plainBytes} bytes`,
        `${file.plainBytes} bytes`,
      ),
    progress: from.progress,
  });
  const decrypt = from.sealing ? [from.sealing.cipher.decryptStream(from.sealing.binding, file.key)] : [];
  await mkdir(dirname(from.target), { recursive: true, mode: 0o700 });
  await pipeline(
    [
      createReadStream(from.path, { highWaterMark: Math.min(chunkBytes, file.storedBytes + 1) }),
      ...decrypt,
      decompressor(file.plainBytes),
      plain,
      createWriteStream(from.target, { flags: 'wx', mode: 0o600, highWaterMark: chunkBytes }),
    ] as never,
    { signal: from.signal },
  ).catch((error: unknown) => {
    throw error instanceof MusterError || from.signal.aborted
      ? error
      : refused(
          'it does not decrypt and unpack',
          messageOf(error),
          'what was encrypted and compressed',
          error,
        );
  });
  if (plain.bytes !== file.plainBytes)
    throw refused('it unpacks to less than was recorded', `${plain.bytes} bytes`, `${file.plainBytes} bytes`);
  if (plain.sha256() !== file.plainSha256)
    throw refused('its content has not the SHA-256 that was recorded', plain.sha256(), file.plainSha256);
}

const refusal =
  (what: string) =>
  (reason: string, found: string, expected: string, cause?: unknown): MusterError =>
    environmentError(`${what} is refused: ${reason}`, {
      found,
      expected,
      hint: 'Restore from another copy or an older recovery point',
      cause,
    });
