import type { PlannedBackup } from '../core/planned.ts';
import type { PointSpec } from '../core/store.ts';

/** What a repository is told of each recovery point of a backup. */
export const pointSpecOf = ({ component, name, plan }: PlannedBackup): PointSpec => ({
  component,
  backup: name,
  method: plan.method,
  copies: plan.copies,
  encrypt: plan.encrypt !== 'none',
});
