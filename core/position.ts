import type { BackupInfo, BackupMethod } from './backup.ts';
import { environmentError } from './errors.ts';

/**
 * The method with each position held against what its driver declares: that of a backup which was just taken,
 * and that of a recovery point which may come from another version, or from other hands.
 */
export function holdingPositions(name: string, { position }: BackupInfo, method: BackupMethod): BackupMethod {
  if (!position) return method;
  const hold = (what: string, found: Record<string, string>): void => {
    const read = position.safeParse(found);
    if (read.success) return;
    throw environmentError(`${what} does not say where it was taken as ${name} does`, {
      found: JSON.stringify(found),
      expected: read.error.issues.map(({ path, message }) => [...path, message].join(': ')).join('; '),
    });
  };
  const { backup, restore } = method;
  return {
    ...method,
    ...(backup && {
      backup: async (to, context) => {
        const taken = await backup(to, context);
        hold('the backup', taken.position);
        return taken;
      },
    }),
    ...(restore && {
      restore: async (from, context) => {
        hold(`recovery point ${from.point}`, from.position);
        return restore(from, context);
      },
    }),
  };
}
