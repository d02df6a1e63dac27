import { z } from 'zod';
import type { ActiveFault, Proof } from '../../core/active-fault.ts';
import { environmentError } from '../../core/errors.ts';
import { defineStorageFault, type DataFolder } from '../../core/fault.ts';
import { frozenAndKilled } from '../frozen.ts';
import { processGone, startAgain } from '../process.ts';
import { besideVolume, emptyFolder, script } from '../volume.ts';

const markName = '.muster-mark';

/**
 * The process is frozen, everything in the folder goes, and the process is killed, as on a host that lost the
 * volume. A file of our own is left there first: that it is gone is what the witness looks at from beside,
 * with the engine's account of the process.
 */
async function wipe(target: DataFolder): Promise<ActiveFault> {
  const { service, folder } = target;
  const mark = `${folder}/${markName}`;
  const before = await service.state();
  const lost = (await target.aboutToLose?.()) ?? {};
  await besideVolume(target, async (helper) => {
    // No damage, and looked for by itself: the absence of what was never there proves nothing.
    await script(helper, 'mark', ': > "$1"', [mark]);
    if ((await script(helper, 'look', 'ls "$1"', [mark])).trim() !== mark)
      throw environmentError(`no file can be left in ${folder}`, { expected: mark });
    await frozenAndKilled(service, () => emptyFolder(helper, folder));
  });
  return {
    facts: { folder, pid: before.pid, startedAt: before.startedAt },
    witness: async (): Promise<Proof | null> => {
      const gone = processGone(before, await service.state());
      if (!gone) return null;
      const marked = await besideVolume(target, (helper) =>
        script(helper, 'look', 'test ! -e "$1" || echo there', [mark]),
      );
      if (marked !== '') return null;
      return {
        what: `${gone.what}; ${folder} does not hold the file any more that was left there just before`,
        facts: { ...gone.facts, markGone: true },
      };
    },
    ...lost,
    undo: { ...startAgain(service, 'undo wipe-volume of'), healed: async () => null },
  };
}

export default defineStorageFault({
  about: 'the data volume is lost, and the process with it',
  params: z.strictObject({}),
  losesData: 'all',
  witnessDeadlineMs: 30_000,
  inject: wipe,
});
