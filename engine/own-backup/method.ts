import type { BackupMethod } from '../../core/backup.ts';
import type { PlannedComponent } from '../../core/planned.ts';
import type { Drill } from '../drill-context.ts';
import type { OwnOptions } from '../../core/own-backup.ts';
import { backUp } from './backup.ts';
import { awaitNext, takeNext, watchFor, type Watch } from './followed.ts';
import type { Own } from './place.ts';
import { restoreOwn } from './restore.ts';

/** Backs a component up, and restores it, by scripts of the user's own. */
export function ownBackupMethod(drill: Drill, component: PlannedComponent): BackupMethod {
  const own: Own = { drill, component, earlier: [], seen: new Map() };
  const watches = new Map<object, Watch>();
  const watchOf = (options: OwnOptions): Watch => {
    const watch = watches.get(options) ?? watchFor(own, options);
    watches.set(options, watch);
    return watch;
  };
  return {
    backup: (to, context) => {
      const options = context.options as OwnOptions;
      return options.follow ? takeNext(watchOf(options), to, context) : backUp(own, to, context);
    },
    awaitNext: (context) => awaitNext(watchOf(context.options as OwnOptions), context),
    restore: (from, context) => restoreOwn(own, from, context),
  };
}
