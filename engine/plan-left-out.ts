import type { PlannedBackup } from '../core/planned.ts';
import type { Scenario } from '../core/scenario.ts';
import { restoredComponents } from '../core/steps/index.ts';

/** What no recovery point holds of those that are taken or restored here. */
export function notesOnLeftOut(
  scenario: Scenario,
  backups: readonly PlannedBackup[],
  declared: readonly PlannedBackup[],
): string[] {
  const restored = restoredComponents(scenario);
  const used = declared.filter(
    ({ id, component }) => backups.some((one) => one.id === id) || restored.includes(component),
  );
  return used.flatMap(({ id, info, plan }) => {
    const left = info.leavesOut?.(plan.options) ?? [];
    return left.length > 0 ? [`in no recovery point of ${id}: ${left.join(', ')}`] : [];
  });
}
