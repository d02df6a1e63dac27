import { createReadStream, globSync, lstatSync, mkdirSync, realpathSync, rmSync } from 'node:fs';
import { copyFile } from 'node:fs/promises';
import { dirname, join, sep } from 'node:path';
import type { Clock } from '../../core/clock.ts';
import { fixedFolder, inOrder, nameOf, patternsIn, type Found, type Ground, type Pattern } from './ground.ts';

const watchedEveryMs = 10;

/** A folder of the drill on this machine: scripts of the host work there, and nowhere of the user's. */
export function hostGround(folder: string, clock: Clock, patterns: readonly string[]): Ground {
  rmSync(folder, { recursive: true, force: true });
  for (const pattern of ['x', ...patterns])
    mkdirSync(join(folder, fixedFolder(pattern)), { recursive: true, mode: 0o700 });
  const placed = patternsIn(folder, patterns);
  const list = (): Found[] => inOrder(placed.flatMap(matching));
  return {
    folder,
    list: async () => list(),
    watch: (act) => {
      const over = new AbortController();
      const watching = async (): Promise<void> => {
        while (!over.signal.aborted) {
          if (list().some(({ bytes }) => bytes > 0)) return act();
          await clock.sleep(watchedEveryMs, over.signal).catch(() => undefined);
        }
      };
      const watched = watching();
      watched.catch(() => undefined);
      return {
        end: () => {
          over.abort();
          return watched;
        },
      };
    },
    read: ({ path }) => createReadStream(path),
    put: async ({ name, path }) => {
      const to = join(folder, name);
      mkdirSync(dirname(to), { recursive: true, mode: 0o700 });
      await copyFile(path, to);
      return to;
    },
    remove: async () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** What lies in the folder itself: a link out of it would make a backup of whatever it leads to. */
function matching(pattern: Pattern): Found[] {
  const inside = realpathSync(pattern.base) + sep;
  return globSync(pattern.below, { cwd: pattern.base }).flatMap((name) => {
    const path = join(pattern.base, name);
    const seen = lstatSync(path, { bigint: true, throwIfNoEntry: false });
    if (!seen?.isFile() || !(realpathSync(dirname(path)) + sep).startsWith(inside)) return [];
    const state = `${seen.size} ${seen.ino} ${seen.mtimeNs}`;
    return [{ name: nameOf(path, pattern), path, bytes: Number(seen.size), state }];
  });
}
