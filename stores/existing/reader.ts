import { pipeline } from 'node:stream';
import { environmentError, messageOf } from '../../core/errors.ts';
import type { ExistingReader } from '../../core/existing.ts';
import { meter } from '../meter.ts';
import { listObjects } from './buckets.ts';
import { listFiles } from './files.ts';
import { unwrapped } from './layers.ts';

/** Backups that other tools made, in files of this machine and in S3 buckets, which are only read. */
export const existingReader: ExistingReader = {
  list: async (from) => (from.startsWith('s3://') ? listObjects(from) : listFiles(from)),

  open: async (candidate, decryption, signal) => {
    const raw = await candidate.open().catch((error: unknown) => {
      throw environmentError('it cannot be read', { found: messageOf(error), cause: error });
    });
    const metered = meter();
    const measured = pipeline(raw, metered, () => undefined);
    const onAbort = (): void => void raw.destroy(signal.reason as Error);
    signal.addEventListener('abort', onAbort, { once: true });
    const close = (): void => {
      signal.removeEventListener('abort', onAbort);
      raw.destroy();
    };
    try {
      const inside = await unwrapped(measured, decryption);
      return {
        ...inside,
        read: () => {
          if (metered.bytes !== candidate.bytes)
            throw environmentError('it changed while it was read, or was not read to its end', {
              found: `${metered.bytes} bytes`,
              expected: `${candidate.bytes} bytes`,
            });
          return { bytes: metered.bytes, sha256: metered.sha256() };
        },
        close,
      };
    } catch (error) {
      close();
      throw error;
    }
  },
};
