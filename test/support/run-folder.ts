import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

const owner = /^muster-tests-(\d+)-/;

/**
 * A folder for whatever one run of the tests writes for a moment. It goes when they end, or with the next
 * ones where they were killed, or where something still wrote into it.
 */
export function folderIn(where: string): string {
  for (const name of readdirSync(where))
    if (owner.test(name) && !existsSync(`/proc/${owner.exec(name)![1]}`)) removeQuietly(join(where, name));
  const folder = mkdtempSync(join(where, `muster-tests-${process.pid}-`));
  process.once('exit', () => removeQuietly(folder));
  return folder;
}

/**
 * A child that outlives its parent for a moment may write into a folder that is being removed: what is left
 * then is for the next run.
 */
export function removeQuietly(folder: string, remove: typeof rmSync = rmSync): void {
  try {
    remove(folder, { recursive: true, force: true, maxRetries: 3, retryDelay: 50 });
  } catch {
    // It is named after its owner, and found by that.
  }
}
