import { unknownName } from '../../core/document.ts';
import { inputError, type MusterError, type Place } from '../../core/errors.ts';
import type { Plan, PlannedBackup } from '../../core/planned.ts';
import type { RestoreStep } from '../../core/steps/restore.ts';
import type { Context, Path } from '../plan-context.ts';

type Backups = Pick<Plan, 'backups' | 'declared'>;

/** Of those taken in this scenario, or for one that exists already of those declared. */
const snapshotsOf = ({ restore, existing }: RestoreStep, { backups, declared }: Backups): PlannedBackup[] =>
  (existing ? declared : backups).filter((one) => one.component === restore && one.info.kind === 'snapshot');

/** The snapshot that a restore step means; null when there is none or it is not plain which. */
export function backupToRestore(step: RestoreStep, backups: Backups): PlannedBackup | null {
  const fitting = snapshotsOf(step, backups).filter(({ name }) => !step.backup || step.backup === name);
  return fitting.length === 1 ? fitting[0]! : null;
}

/** Why it is not plain which snapshot is meant. */
export function noSnapshot(
  { source }: Context,
  step: RestoreStep,
  path: Path,
  backups: Backups,
): MusterError {
  const names = snapshotsOf(step, backups).map((one) => one.name);
  const what = step.existing ? 'snapshot backup' : 'backup taken in this scenario';
  if (step.backup && names.length > 0)
    return unknownName(source, [...path, 'backup'], what, step.backup, names);
  const at = source.place([...path, 'restore']);
  return names.length > 1 ? severalToRestore(step, names, at) : nothingToRestore(step, at);
}

function severalToRestore(
  { restore, existing }: RestoreStep,
  names: readonly string[],
  at: Place,
): MusterError {
  const are = existing ? 'are declared' : 'are taken';
  return inputError(`several backups of ${restore} ${are}: say which one`, {
    at,
    found: restore,
    expected: `backup: one of ${names.join(', ')}`,
  });
}

function nothingToRestore({ restore, existing }: RestoreStep, at: Place): MusterError {
  const who = existing ? 'the strategy declares' : 'this scenario takes';
  const where = existing ? 'in the strategy' : 'under protect';
  return inputError(`nothing to restore ${restore} from: ${who} no snapshot of it`, {
    at,
    found: restore,
    expected: `a snapshot backup of ${restore} ${where}`,
  });
}
