import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { keepsStores, ownerMark } from '../core/owner.ts';
import type { Given } from './drill-context.ts';

/** A folder for plain files, in the drill's own. */
export const scratchOf = ({ folder }: Pick<Given, 'folder'>): string => join(folder, 'scratch');

/**
 * Says whose it is: where that process is gone, the next start and `muster gc` remove what is in clear.
 * Before anything else is laid into the drill's folder. Where it cannot be written, the evidence
 * says so.
 */
export function markScratch(folder: string, owner: string, keepStores: boolean): void {
  const scratch = scratchOf({ folder });
  try {
    mkdirSync(scratch, { recursive: true, mode: 0o700 });
    writeFileSync(join(scratch, ownerMark), keepStores ? `${owner}${keepsStores}` : owner, { mode: 0o600 });
  } catch {
    // So it is with whatever comes next.
  }
}

/** Folder of the commands that run on the host, a file each. */
export const notedCommands = '.commands';

/** For programs of the drill's own; there until its end. Absolute. */
export const toolsIn = (drill: Pick<Given, 'folder'>): string => resolve(scratchOf(drill), tools);
const tools = 'tools';

/**
 * Plain files of backups do not outlive the step that needed them; whose it is, and what runs, stays until
 * the end.
 */
export function clearScratch(drill: Pick<Given, 'folder'>): void {
  const scratch = scratchOf(drill);
  for (const name of foundIn(scratch))
    if (![ownerMark, tools, notedCommands].includes(name))
      rmSync(join(scratch, name), { recursive: true, force: true });
}

/** Made, where it is not there yet. */
export function madeScratch(drill: Pick<Given, 'folder'>): string {
  mkdirSync(scratchOf(drill), { recursive: true, mode: 0o700 });
  return scratchOf(drill);
}

export const removeScratch = (drill: Pick<Given, 'folder'>): void =>
  rmSync(scratchOf(drill), { recursive: true, force: true });

export function foundIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
