import type { PlannedBackup } from '../core/planned.ts';
import type { Scenario } from '../core/scenario.ts';
import { paceOf } from '../core/schedule-pace.ts';
import { formatDuration } from '../core/units.ts';

/** By whose clock backups run that Muster only follows, and whether a drill waits for so long. */
export const notesOnFollowed = (
  { stepDeadline, timeScale }: Scenario,
  backups: readonly PlannedBackup[],
): string[] =>
  backups.flatMap(({ id, info, plan: { options, every } }) => {
    const follows = info.follows?.(options) ?? null;
    if (!follows || !every) return [];
    const { scaledMs } = paceOf(every.ms, timeScale, follows);
    const who = follows.service ?? 'something outside of the stack';
    const often = formatDuration(scaledMs);
    return [
      `${id} is made by ${who} by its own clock, every ${often} in this drill: Muster runs nothing, takes in what appears, and no timeScale compresses that`,
      ...(scaledMs > stepDeadline.ms
        ? [
            `${id} is waited for ${stepDeadline.text} (stepDeadline), and made every ${often}: this drill will be inconclusive unless one happens to come. Have ${who} run more often in the drill (options.follow.schedule), or wait longer`,
          ]
        : []),
    ];
  });
