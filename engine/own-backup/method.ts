import type { BackupMethod } from '../../core/backup.ts';
import type { PlannedComponent } from '../../core/planned.ts';
import type { Drill } from '../drill-context.ts';
import type { OwnOptions } from '../../core/own-backup.ts';
import { backUp } from './backup.ts';
import { awaitNext, takeNext } from './followed.ts';
import { watchFor, type Watch } from './watch.ts';
import type { Own } from './place.ts';
import { restoreOwn } from './restore.ts';

/** Backs a component up, and restores it, by scripts of the user's own. */
export function ownBackupMethod(drill: Drill, component: PlannedComponent): BackupMethod {
  // Of each backup: another one of the same component may rightly hold what this one does.
  const owns = new Map<object, Own>();
  const ownOf = (options: object): Own => {
    const own = owns.get(options) ?? { drill, component, earlier: [], seen: new Map() };
    owns.set(options, own);
    return own;
  };
  const watches = new Map<object, Watch>();
  const watchOf = (options: OwnOptions): Watch => {
    const watch = watches.get(options) ?? watchFor(ownOf(options), options);
    watches.set(options, watch);
    return watch;
  };
  return {
    backup: (to, context) => {
      const options = context.options as OwnOptions;
      return options.follow ? takeNext(watchOf(options), to, context) : backUp(ownOf(options), to, context);
    },
    awaitNext: (context) => awaitNext(watchOf(context.options as OwnOptions), context),
    restore: async (from, context) => {
      const facts = await restoreOwn({ drill, component }, from, context);
      // What is there now may rightly be what one of them was, whichever it was restored from.
      for (const own of owns.values()) {
        own.earlier = [];
        own.seen.clear();
      }
      return facts;
    },
  };
}
