import { unknownName } from '../../core/document.ts';
import { inputError } from '../../core/errors.ts';
import type { PlannedBackup } from '../../core/planned.ts';
import { owned } from '../plan-input.ts';
import type { Context, Path } from '../plan-context.ts';

/** The store that a step fetches from is one, and keeps a copy. `place`: where the file names it. */
export function checkCopyIn(
  { source, strategy, problems }: Context,
  from: string,
  backup: PlannedBackup,
  place: Path,
): void {
  if (!owned(strategy.stores, from))
    problems.add(unknownName(source, place, 'store', from, Object.keys(strategy.stores)));
  else if (!backup.plan.copies.includes(from)) {
    problems.add(
      inputError(`backup ${backup.id} keeps no copy in ${from}`, {
        at: source.place(place),
        found: from,
        expected: `one of ${backup.plan.copies.join(', ')}`,
      }),
    );
  }
}
