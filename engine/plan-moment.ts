import { payloadOf } from '../core/backup.ts';
import type { Source } from '../core/document.ts';
import { inputError } from '../core/errors.ts';
import { restoredComponents } from '../core/steps/index.ts';
import type { PlannedBackup } from '../core/planned.ts';
import type { Context, Path } from './plan-context.ts';

export const allInRestore = (faults: readonly { at: string }[]): boolean =>
  faults.every(({ at }) => at.startsWith('restore.'));

export const nothingBefore = (source: Source, path: Path) =>
  inputError('nothing is broken before the recovery', {
    at: source.place(path),
    expected: 'a fault at another moment as well: one in the middle of a restore needs something to restore',
  });

/** Each moment of a sweep must be one that the first fault could have by itself. */
export function checkSweep(context: Context, backups: PlannedBackup[]): void {
  const { source, scenario, problems } = context;
  scenario.sweep?.forEach((at, i) => {
    const path: Path = ['sweep', i];
    if (scenario.sweep!.indexOf(at) < i)
      problems.add(
        inputError(`${at} stands twice in the sweep`, {
          at: source.place(path),
          found: at,
          expected: 'each moment once',
        }),
      );
    if (allInRestore([{ at }, ...scenario.fault.slice(1)])) problems.add(nothingBefore(source, path));
    checkMoment(context, at, backups, path);
  });
}

/** Where nothing was said, `worst` is what it comes to, and where there is no backup that means at once. */
export function checkOwnMoment(context: Context, at: string, backups: PlannedBackup[], path: Path): void {
  const said = path.reduce<unknown>(
    (node, step) => (node as Record<string, unknown>)?.[step as string],
    context.source.data,
  );
  if (at !== 'worst' || 'at' in (said as object)) checkMoment(context, at, backups, [...path, 'at']);
}

function checkMoment(
  { source, scenario, problems }: Context,
  at: string,
  backups: PlannedBackup[],
  path: Path,
): void {
  const place = source.place(path);
  if ((at === 'worst' || at.startsWith('backup.')) && !backups.some((one) => one.info.kind === 'snapshot')) {
    const what =
      at === 'worst'
        ? 'the worst moment is just before a recovery point becomes durable'
        : `${at} is a moment of a backup`;
    problems.add(
      inputError(`${what}, and nothing here takes any`, {
        at: place,
        found: at,
        expected: 'an offset such as +5s',
        hint: 'or protect with a snapshot backup',
      }),
    );
  }
  if (
    at === 'backup.uploading' &&
    backups.length > 0 &&
    backups.every(({ info, plan }) => payloadOf(info, plan.options) === 'external')
  )
    problems.add(
      inputError('nothing is uploaded here: the methods keep their backups by themselves', {
        at: place,
        found: at,
        expected: 'backup.begun or backup.dumped',
      }),
    );
  if (at === 'prune')
    checkPrune(backups, (found, expected) =>
      problems.add(inputError('nothing is pruned here within a drill', { at: place, found, expected })),
    );
  if (at.startsWith('restore.') && restoredComponents(scenario).length === 0) {
    problems.add(
      inputError(`${at} is a moment of a restore, and nothing here is restored`, {
        at: place,
        found: at,
        expected: 'a restore step',
      }),
    );
  }
}

/** Longer than that no drill goes on, and `keep` is not scaled: its moment would never come. */
const keepLongestMs = 600_000;

function checkPrune(backups: PlannedBackup[], refuse: (found: string, expected: string) => void): void {
  const kept = backups
    .filter(({ info, plan }) => info.kind === 'snapshot' && plan.keep)
    .map(({ id, plan }) => ({ id, keep: plan.keep! }));
  if (kept.some(({ keep }) => 'points' in keep || keep.ms <= keepLongestMs)) return;
  refuse(
    kept.map(({ id, keep }) => `${id} keeps ${'points' in keep ? keep.points : keep.text}`).join(', ') ||
      'no snapshot backup with `keep`',
    'a protected snapshot backup with keep: { points: N }, or a short duration',
  );
}
