import type { BackupMethod } from '../../core/backup.ts';
import type { PlannedComponent } from '../../core/planned.ts';
import type { Drill } from '../drill-context.ts';
import { backUp } from './backup.ts';
import type { Own } from './place.ts';
import { restoreOwn } from './restore.ts';

/** Backs a component up, and restores it, by scripts of the user's own. */
export function ownBackupMethod(drill: Drill, component: PlannedComponent): BackupMethod {
  const own: Own = { drill, component, earlier: [], seen: new Map() };
  return {
    backup: (to, context) => backUp(own, to, context),
    restore: (from, context) => restoreOwn(own, from, context),
  };
}
