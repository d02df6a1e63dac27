import { messageOf } from '../core/errors.ts';
import type { PointSpec } from '../core/store.ts';
import type { Keep } from '../core/strategy.ts';
import type { Recorded, Sandbox, Control } from './drill-context.ts';
import type { PlannedBackup } from '../core/planned.ts';

/**
 * Carries out what the strategy says of keeping, after a new point has become durable. A prune that fails is
 * on the timeline and no failure of the backup; the next one completes it. Never rejects. Passes `prune` when
 * no store shows the points any more and their files are still there.
 */
export async function pruneAfter(
  drill: Recorded & Sandbox & Control,
  backup: PlannedBackup,
  spec: PointSpec,
  durable: number,
): Promise<void> {
  const { keep } = backup.plan;
  if (!keep || !isDue(drill, keep, durable)) return;
  const { timeline } = drill;
  const which = { id: timeline.newId('prune'), backup: backup.id };
  let isBegun = false;
  const begin = (points: readonly string[]): void => {
    isBegun = true;
    timeline.emit('prune.begun', { ...which, points: [...points] });
  };
  try {
    const pruned = await drill.repository!.prune(spec, keep, async (points) => {
      begin(points);
      await drill.moments.pass('prune', backup.id);
    });
    if (pruned.removed.length + pruned.completed.length === 0 && pruned.spared === null) return;
    if (!isBegun) begin([]);
    timeline.emit('prune.ended', { ...which, ...pruned });
  } catch (error) {
    if (!isBegun) begin([]);
    timeline.emit('prune.failed', { ...which, error: messageOf(error) });
  }
}

/**
 * Whether this drill can have points beyond what is kept: asking the stores takes time that the next backup
 * waits for.
 */
const isDue = ({ clock, originMs }: Recorded & Control, keep: Keep, durable: number): boolean =>
  'points' in keep ? durable > keep.points : clock.nowMs() - originMs > keep.ms;
