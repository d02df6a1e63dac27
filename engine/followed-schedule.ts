import type { Followed } from '../core/backup.ts';
import type { Clock } from '../core/clock.ts';
import { NoRecoveryPoint } from '../core/errors.ts';
import type { PlannedBackup } from '../core/planned.ts';
import type { FollowsTold } from '../core/schedule-events.ts';
import { followedWithin } from '../core/schedule-pace.ts';
import { attachedTo, type Recorded, type Sandbox } from './drill-context.ts';

/** Why a run begins: it is due; its first sign was seen; or there was none, which is why it fails. */
export type Due = { dueMs: number } | { lastWithoutMs: number } | { missed: unknown };

/** What is told of that where the run begins. */
export function toldOf(due: Due, clock: Clock): { lateMs?: number; lastWithoutMs?: number } {
  if ('dueMs' in due) return { lateMs: Math.max(0, Math.round(clock.nowMs() - due.dueMs)) };
  return 'missed' in due ? {} : due;
}

export const labelOf = ({ name }: PlannedBackup, number: number): string =>
  `${name}-${String(number).padStart(4, '0')}`;

export const clockTold = ({ service, schedule }: Followed): FollowsTold => ({
  service,
  ...(schedule ? { set: { name: schedule.env, value: schedule.drill } } : {}),
});

/** A schedule that others run; `overdue`: why nothing came of it in time. */
interface Following {
  backup: PlannedBackup;
  scaledMs: number;
  stop: AbortController;
  overdue: unknown;
}

/**
 * Each that somebody else begins is taken in. One that does not come in its time is a run that failed; where
 * it cannot be looked for, nothing is known of any.
 */
export async function followSchedule(
  drill: Recorded & Sandbox,
  running: Following,
  halt: AbortSignal,
  take: (label: string, due: Due) => Promise<void>,
): Promise<void> {
  const { backup, scaledMs, stop } = running;
  const method = attachedTo(drill, backup.component).backups[backup.plan.method]!;
  const signal = AbortSignal.any([stop.signal, halt]);
  for (let number = 1; !signal.aborted; number += 1) {
    const due = await method.awaitNext!({
      options: backup.options,
      signal,
      now: () => drill.timeline.now(),
      withinMs: followedWithin * scaledMs,
    }).catch((error: unknown) => ({ missed: error }));
    if (signal.aborted) return;
    if (!('missed' in due) || due.missed instanceof NoRecoveryPoint) await take(labelOf(backup, number), due);
    if ('missed' in due) running.overdue = due.missed;
  }
}
