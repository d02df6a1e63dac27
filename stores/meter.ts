import { createHash } from 'node:crypto';
import { Transform } from 'node:stream';

/** Lets everything through; its size and SHA-256 (hexadecimal) are known when it has ended. */
export interface Meter extends Transform {
  readonly bytes: number;
  sha256(): string;
}

/**
 * `bytesMax`: fails at the first byte beyond, with the error given, so that what unpacks to too much does not
 * fill the disk.
 */
export function meter(
  limit: { bytesMax: number; error: () => Error; progress?: (bytes: number) => void } | null = null,
): Meter {
  const hash = createHash('sha256');
  let bytes = 0;
  const through = new Transform({
    readableHighWaterMark: 1024 * 1024,
    writableHighWaterMark: 1024 * 1024,
    transform: (chunk: Buffer, _, done) => {
      bytes += chunk.length;
      if (limit !== null && bytes > limit.bytesMax) return done(limit.error());
      hash.update(chunk);
      limit?.progress?.(bytes);
      done(null, chunk);
    },
  });
  return Object.defineProperties(through, {
    bytes: { get: () => bytes },
    sha256: { value: () => hash.copy().digest('hex') },
  }) as Meter;
}

export const sha256Of = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
