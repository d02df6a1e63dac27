import { z } from 'zod';
import { environmentError } from '../../core/errors.ts';
import { largestFileOf } from '../../core/recovery-point.ts';
import { defineStoreFault } from '../../core/fault.ts';

/** The largest file of the newest recovery point, which still promises it. */
export default defineStoreFault({
  about:
    "the newest recovery point's data object is deleted in one store; in a versioned bucket the older version stays",
  needsService: false,
  on: 'store',
  params: z.strictObject({}),
  witnessDeadlineMs: 30_000,
  inject: async (target) => {
    const [newest] = await target.points();
    if (!newest)
      throw environmentError(`store ${target.name} has no recovery point to delete from`, {
        expected: 'one at least: a later moment, or `points: 1`',
      });
    const { key } = largestFileOf(newest);
    const {
      before: [before],
      putBack,
      isBack,
    } = await target.damage([key], null);
    const facts = { key, point: newest.id, sha256: before! };
    return {
      facts,
      witness: async () =>
        (await target.look([key]))[0] === null
          ? {
              what: `a fresh client of ${target.name} finds no ${key}, which recovery point ${newest.id} names`,
              facts,
            }
          : null,
      undo: {
        name: `undo object-deleted of ${target.name}`,
        deadlineMs: 60_000,
        run: putBack,
        healed: async () => isBack(await target.look([key])),
      },
    };
  },
});
