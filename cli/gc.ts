import { nearest } from '../core/document.ts';
import { inputError } from '../core/errors.ts';
import type { Leftover } from '../stack/leftovers.ts';
import { keptStackOwner, ownerIsSeen } from '../stack/owner.ts';
import {
  askForLeftovers,
  foldersText,
  heldText,
  removeDeadFolders,
  removePreparedFolders,
  removeWhatWasLeft,
  removedText,
} from './host.ts';

const say = (text: string): void => void process.stderr.write(`${text}\n`);

/**
 * `muster gc`: removes what dead drills left, and what is kept for later ones while none is running; with
 * ids, what those drills use; with --all, everything that is any drill's.
 */
export async function gc(
  drills: string[],
  flags: { all?: boolean; json?: boolean; out: string },
): Promise<number> {
  if (drills.length > 0) await assertThere(drills);
  // First: a script that goes on would make what is removed here anew.
  const folders = drills.length === 0 ? await removeDeadFolders(flags.out, say) : [];
  const removed = await removeWhatWasLeft(say, drills.length > 0 ? { drills } : { all: flags.all === true });
  const kept = await askForLeftovers(say);
  // A drill that is running counts on it: its restore would take longer, and nobody would know why.
  const isInUse =
    flags.all !== true && kept.some(({ alive, owner }) => alive && !['', keptStackOwner].includes(owner));
  if (drills.length === 0 && !isInUse) removed.images.push(...(await removePreparedFolders()));
  if (flags.json)
    process.stdout.write(
      `${JSON.stringify({ schema: 'muster/gc/v1', removed: { ...removed, folders }, kept }, null, 2)}\n`,
    );
  else {
    process.stdout.write(
      [...Object.values(removed).flat(), ...folders].length === 0
        ? 'nothing was left\n'
        : `removed ${[removedText(removed), ...(folders.length > 0 ? [foldersText(folders)] : [])].join(', ')}\n`,
    );
    for (const one of kept)
      process.stdout.write(
        one.alive && !drills.includes(one.drill) && flags.all !== true
          ? `not touched: ${one.drill}, ${whyKept(one)} (muster gc ${one.drill} removes it)\n`
          : `${heldText(one)}\n`,
      );
  }
  return 0;
}

function whyKept({ owner }: Leftover): string {
  if (owner === keptStackOwner) return 'left by --keep';
  if (owner === '') return 'which names no owner';
  return ownerIsSeen(owner)
    ? 'which is running'
    : 'which may be running on another machine or in a container, and is kept for a week';
}

async function assertThere(drills: readonly string[]): Promise<void> {
  const there = [...new Set((await askForLeftovers(say)).map(({ drill }) => drill))];
  for (const drill of drills.filter((one) => !there.includes(one))) {
    const near = nearest(drill, there);
    throw inputError(`no drill ${drill} has anything in the engine`, {
      found: drill,
      expected: there.length > 0 ? `one of ${there.join(', ')}` : 'there is none',
      hint: near ? `did you mean "${near}"?` : undefined,
    });
  }
}
