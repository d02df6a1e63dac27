import { z } from 'zod';
import { environmentError } from '../../core/errors.ts';
import { encryptionOf } from '../../core/recovery-point.ts';
import { defineStoreFault } from '../../core/fault.ts';

/**
 * The key is the drill's, so that losing it makes every encrypted store useless; the store that is named is
 * the one that is looked at. The witness is a restore that is refused: fetched and opened like any other,
 * with the repository's own reason.
 */
export default defineStoreFault({
  about:
    'the key of the backups is replaced and the old one is lost: what was encrypted with it cannot be restored from any store',
  needsService: false,
  on: 'store',
  everyStore: true,
  params: z.strictObject({}),
  witnessDeadlineMs: 30_000,
  inject: async (target) => {
    const [newest] = await target.points();
    const encryption = newest && encryptionOf(newest);
    if (!newest || !encryption)
      throw environmentError(`no key is needed to restore from store ${target.name}`, {
        found: newest ? 'its newest recovery point is not encrypted' : 'it has no recovery point',
        expected: 'encrypt: aes-256, and a recovery point',
      });
    const before = await target.refusal();
    if (before !== null)
      throw environmentError(`store ${target.name} could not be restored from even with its key`, {
        found: before.why,
      });
    const undo = target.loseKey();
    const { keyId } = encryption;
    return {
      facts: { keyId, point: newest.id },
      witness: async () => {
        const refusal = await target.refusal(newest.id);
        return refusal?.anotherKey
          ? {
              what: `a restore of ${newest.id} from ${target.name} is refused: ${refusal.why}`,
              facts: { keyId, refusal: refusal.why },
            }
          : null;
      },
      undo: {
        ...undo,
        name: `undo rotate-key-lost of ${target.name}`,
        deadlineMs: 60_000,
        healed: async () => (await target.refusal(newest.id)) === null,
      },
    };
  },
});
