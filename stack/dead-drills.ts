import { lstatSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { keepsStores } from '../core/owner.ts';
import { ownerEndedHere, ownerIsGone } from './owner.ts';
import { readMark } from './temporary.ts';

/**
 * Removes what drills that were killed left in clear in their folders below `home`, and gives the folders. A
 * drill says whose it is in its `scratch`, until it has removed all of it itself. Its evidence stays. Before
 * that `endCommands` ends what a drill of this machine left running: without what lies there a script of it
 * would reach what is not the drill's. False where it goes on: nothing is removed then.
 */
export async function removeDeadScratch(
  home: string,
  endCommands: (scratch: string, owner: string) => Promise<boolean>,
): Promise<string[]> {
  const drills = join(home, 'drills');
  const removed: string[] = [];
  for (const name of foldersIn(drills)) {
    const folder = join(drills, name);
    const said = isFolder(join(folder, 'scratch')) ? readMark(join(folder, 'scratch')) : null;
    const owner = said?.text.replace(keepsStores, '');
    if (said === null || owner === undefined || !ownerIsGone(owner, said.atMs)) continue;
    if (ownerEndedHere(owner) && !(await endCommands(join(folder, 'scratch'), owner))) continue;
    // What says whose it is goes last: whoever is cut off here is gone on from.
    for (const one of said.text.endsWith(keepsStores) ? ['scratch'] : ['stores', 'scratch']) {
      const path = join(folder, one);
      if (isFolder(path) && isRemoved(path)) removed.push(path);
    }
  }
  return removed;
}

/** False where something of it cannot be removed by this user: that keeps nobody from starting. */
function isRemoved(path: string): boolean {
  try {
    rmSync(path, { recursive: true, force: true });
    return true;
  } catch {
    return false;
  }
}

const foldersIn = (path: string): string[] => {
  try {
    return readdirSync(path, { withFileTypes: true }).flatMap((one) => (one.isDirectory() ? [one.name] : []));
  } catch {
    return [];
  }
};

/** Of this user's own, and no link to one. */
const isFolder = (path: string): boolean => {
  const seen = lstatSync(path, { throwIfNoEntry: false });
  return seen?.isDirectory() === true && seen.uid === process.getuid?.();
};
