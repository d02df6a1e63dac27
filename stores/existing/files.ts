import { createReadStream, globSync, readdirSync, statSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { environmentError, messageOf } from '../../core/errors.ts';
import type { Candidate, Candidates } from '../../core/existing.ts';
import { folderCandidate } from './folders.ts';
import { inOrder } from './order.ts';

export const isPattern = (from: string): boolean => /[*?[{]/.test(from);

/**
 * Files of this machine, which are read and never written, and folders that are one backup each. `from`: a
 * file, a folder or a pattern.
 */
export function listFiles(from: string): Candidates {
  const stats = statSync(from, { throwIfNoEntry: false });
  if (stats?.isFile()) return inOrder([candidate(from)!], true);
  if (stats?.isDirectory()) {
    const whole = folderCandidate(from);
    return whole ? inOrder([whole], true) : inOrder(filesIn(from), false);
  }
  const folder = longestFolder(from);
  const below = relative(folder, from);
  if (!stats && !isPattern(below))
    throw environmentError('there is no such file or folder', { found: from, expected: 'backups there' });
  return inOrder(
    globSync(below, { cwd: folder }).flatMap((name) => candidate(join(folder, name)) ?? []),
    false,
  );
}

/** As far as a path leads to a folder that is there, it is no pattern, whatever characters are in it. */
function longestFolder(path: string): string {
  const parent = dirname(path);
  if (parent === path || statSync(parent, { throwIfNoEntry: false })?.isDirectory()) return parent;
  return longestFolder(parent);
}

function filesIn(folder: string): Candidate[] {
  try {
    return readdirSync(folder).flatMap((name) => candidate(join(folder, name)) ?? []);
  } catch (error) {
    throw environmentError(`the folder ${folder} cannot be read`, {
      found: messageOf(error),
      cause: error,
    });
  }
}

function candidate(name: string): Candidate | null {
  const stats = statSync(name, { throwIfNoEntry: false });
  if (stats?.isDirectory()) return orNothing(() => folderCandidate(name));
  if (!stats?.isFile()) return null;
  return {
    name,
    bytes: stats.size,
    modified: stats.mtime.toISOString(),
    open: async () => createReadStream(name, { highWaterMark: 1024 * 1024 }),
  };
}

/** What cannot be looked into beside what was asked for is none of it. */
function orNothing(look: () => Candidate | null): Candidate | null {
  try {
    return look();
  } catch {
    return null;
  }
}
