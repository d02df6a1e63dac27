import { Readable } from 'node:stream';
import { z } from 'zod';
import { environmentError } from '../../core/errors.ts';
import { largestFileOf } from '../../core/recovery-point.ts';
import { defineStoreFault } from '../../core/fault.ts';

const params = z.strictObject({
  bytes: z
    .int()
    .min(1)
    .max(1_048_576)
    .default(16)
    .describe('How many bytes in the middle of the object change'),
});

/** The largest file of the newest recovery point; the rest of it and the other copies stay as they are. */
export default defineStoreFault({
  about:
    "bytes in the middle of the newest recovery point's data change in one store, as by a failing disk; in a versioned bucket the older version stays",
  needsService: false,
  on: 'store',
  params,
  witnessDeadlineMs: 30_000,
  inject: async (target, { bytes }, { seed }) => {
    const [newest] = await target.points();
    if (!newest)
      throw environmentError(`store ${target.name} has no recovery point to damage`, {
        expected: 'one at least: a later moment, or `points: 1`',
      });
    const file = largestFileOf(newest);
    const from = Math.max(0, Math.floor((file.storedBytes - bytes) / 2));
    const {
      before: [before],
      putBack,
      isBack,
    } = await target.damage([file.key], (content) =>
      Readable.from(flipped(content, from, from + bytes, seed)),
    );
    const facts = {
      key: file.key,
      point: newest.id,
      from,
      bytes: Math.min(bytes, file.storedBytes),
      sha256: before!,
    };
    return {
      facts,
      witness: async () => {
        const [now] = await target.look([file.key]);
        return now && now !== file.storedSha256
          ? {
              what: `a fresh client of ${target.name} reads ${file.key} with SHA-256 ${now}, and ${file.storedSha256} was recorded`,
              facts: { ...facts, now },
            }
          : null;
      },
      undo: {
        name: `undo object-corrupted of ${target.name}`,
        deadlineMs: 60_000,
        run: putBack,
        healed: async () => isBack(await target.look([file.key])),
      },
    };
  },
});

/** Every byte from `from` up to `to` becomes another one; the seed says which. */
async function* flipped(content: Readable, from: number, to: number, seed: number): AsyncGenerator<Buffer> {
  let at = 0;
  for await (const part of content) {
    const chunk = Buffer.from(part as Buffer);
    for (let i = Math.max(0, from - at); i < Math.min(chunk.length, to - at); i += 1)
      chunk[i]! ^= 1 + (((seed >>> 0) + at + i) % 255);
    at += chunk.length;
    yield chunk;
  }
}
