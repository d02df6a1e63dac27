import { z } from 'zod';
import { environmentError } from '../../core/errors.ts';
import { defineStoreFault, type StoreTarget } from '../../core/fault.ts';

/**
 * What a repository writes begins so (stores/layout.ts); a folder or bucket of the user's own may hold other
 * things.
 */
const ours = /^(points|logs)\//;

/**
 * What makes them visible goes first, so that nothing half deleted looks like a recovery point, and comes
 * back last. Refused where the store holds recovery points of other drills: those are not this drill's to
 * take.
 */
export default defineStoreFault({
  about:
    'every recovery point and log of one store is deleted, as by a wrong command; in a versioned bucket the older versions stay',
  needsService: false,
  on: 'store',
  params: z.strictObject({}),
  witnessDeadlineMs: 30_000,
  inject: async (target) => {
    const keys = await keysToLose(target);
    const { putBack, isBack } = await target.damage(keys, null);
    const facts = { objects: keys.length, versions: 'left where the store keeps them' };
    return {
      facts,
      witness: async () => {
        const left = (await target.look(keys)).filter((digest) => digest !== null).length;
        return left === 0
          ? {
              what: `a fresh client of ${target.name} finds none of the ${keys.length} objects that were there`,
              facts,
            }
          : null;
      },
      undo: {
        name: `undo bucket-emptied of ${target.name}`,
        deadlineMs: 120_000,
        run: putBack,
        healed: async () => isBack(await target.look(keys)),
      },
    };
  },
});

async function keysToLose(target: StoreTarget): Promise<string[]> {
  const keys = (await target.store.list('')).map(({ key }) => key).filter((key) => ours.test(key));
  const foreign = keys.filter((key) => !target.wrote(key));
  if (foreign.length > 0) {
    throw environmentError(
      `refusing to empty store ${target.name}: it holds recovery points of other drills`,
      { found: `${foreign.length} objects, such as ${foreign[0]!}`, expected: "a store of this drill's own" },
    );
  }
  const showsPoint = (key: string): boolean => key.endsWith('/point.json');
  if (!keys.some(showsPoint))
    throw environmentError(`store ${target.name} has no recovery point to lose`, {
      expected: 'one at least: a later moment, or `points: 1`',
    });
  return [...keys.filter(showsPoint), ...keys.filter((key) => !showsPoint(key))];
}
