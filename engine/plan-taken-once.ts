import { matchesGlob } from 'node:path/posix';
import { inputError } from '../core/errors.ts';
import { ownMethod, type OwnOptions } from '../core/own-backup.ts';
import type { PlannedBackup } from '../core/planned.ts';
import type { Context } from './plan-context.ts';

/** Where what a backup leaves is looked for; what lies in a folder of the drill's own is nobody else's. */
interface Place {
  where: string;
  what: string;
  isAlso(other: string): boolean;
}

function placesOf({ plan, options }: PlannedBackup, service: string): Place[] {
  if (plan.method !== ownMethod) return [];
  const { backup, follow, produces } = options as unknown as OwnOptions;
  if ('objects' in produces) {
    const { objects, in: store } = produces;
    return [{ where: `store ${store}`, what: objects, isAlso: (other) => isBelow(objects, other) }];
  }
  if (!('files' in produces)) return [];
  const where = backup?.in ?? follow?.service ?? service;
  return produces.files
    .filter((pattern) => pattern.startsWith('/'))
    .map((pattern) => ({ where, what: pattern, isAlso: (other) => overlap(pattern, other) }));
}

const isBelow = (one: string, other: string): boolean => one.startsWith(other) || other.startsWith(one);

const partsOf = (pattern: string): string[] => pattern.match(/\[[^\]]+\]|./g) ?? [];

/** Whether some path matches both patterns, of `*`, `?`, `[…]` and letters. */
function overlap(one: string, other: string): boolean {
  const [a, b] = [partsOf(one), partsOf(other)];
  const from = (i: number, j: number): boolean => {
    const [x, y] = [a[i], b[j]];
    if (x === undefined && y === undefined) return true;
    if (x === '*') return from(i + 1, j) || (y !== undefined && y !== '/' && from(i, j + 1));
    if (y === '*') return from(i, j + 1) || (x !== undefined && x !== '/' && from(i + 1, j));
    return x !== undefined && y !== undefined && meet(x, y) && from(i + 1, j + 1);
  };
  return from(0, 0);
}

const isLetter = (part: string): boolean => part.length === 1 && part !== '?';

function meet(x: string, y: string): boolean {
  if (isLetter(x) && isLetter(y)) return x === y;
  const [letter, kind] = isLetter(x) ? [x, y] : [y, x];
  if (!isLetter(letter)) return true;
  return letter !== '/' && (kind === '?' || matchesGlob(letter, kind.replace('[^', '[!')));
}

/**
 * Two scripts that leave their backups in one place would each take what the other leaves: half written, or
 * in the place of its own that it failed to make.
 */
export function checkTakenOnce(
  { source, scenario, components, problems }: Context,
  backups: readonly PlannedBackup[],
): void {
  const found = backups.flatMap((backup) =>
    placesOf(backup, components.get(backup.component)!.service).map((place) => ({ ...place, backup })),
  );
  for (const [i, one] of found.entries()) {
    const before = found
      .slice(0, i)
      .find((other) => other.backup !== one.backup && other.where === one.where && other.isAlso(one.what));
    if (!before) continue;
    problems.add(
      inputError(`${one.backup.id} leaves its backups where ${before.backup.id} does`, {
        at: source.place(['protect', scenario.protect.indexOf(one.backup.id)]),
        found: `${one.what} and ${before.what} in ${one.where}`,
        expected: 'a pattern for each that matches what it leaves alone, such as /backups/daily/*.sql.gz',
        hint: 'each would take what the other leaves',
      }),
    );
  }
}
