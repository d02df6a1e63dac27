import type { OwnUse } from '../core/backup.ts';
import { unknownName } from '../core/document.ts';
import { inputError } from '../core/errors.ts';
import type { PlannedBackup } from '../core/planned.ts';
import type { CommandLine } from '../core/strategy.ts';
import type { Context, Path } from './plan-context.ts';

const flag = '--allow-host-commands';

/**
 * A command runs in a service that will be there; on this machine, as whoever runs the drill, only where the
 * strategy and the command line both say so. `part` is the key that holds the program, `place` where the file
 * names the command.
 */
export function checkCommand(
  { source, strategy, strategyFile, services, hostCommands, problems }: Context,
  { command, in: where }: Pick<CommandLine, 'command' | 'in'>,
  place: Path,
  part = place,
): void {
  if (where !== 'host') {
    if (!services.has(where))
      problems.add(unknownName(source, place, 'service', where, [...services.keys(), 'host']));
    return;
  }
  const program = command[0]!;
  const at = source.place(part);
  const allowed = strategy.hostCommands;
  if (allowed === false || (allowed !== true && !allowed.includes(program))) {
    problems.add(
      inputError(`the strategy does not allow ${program} on the host`, {
        at,
        found: allowed === false ? 'no hostCommands' : `hostCommands: ${allowed.join(', ')}`,
        expected: `hostCommands: true, or a list with ${program} in it, in ${strategyFile}`,
        hint: `it would run as you, on this machine: read it first, then allow it there, and with ${flag}`,
      }),
    );
  } else if (!hostCommands) {
    problems.add(
      inputError(`${program} would run on the host, and the command line does not allow that`, {
        at,
        found: `no ${flag}`,
        expected: flag,
        hint: `it would run as you, on this machine: read it first, then run this again with ${flag}`,
      }),
    );
  }
}

/**
 * What scripts of a backup may do is asked where the scenario has them run. That their services are there is
 * asked of the strategy.
 */
export function checkOwnUses(
  context: Context,
  { info, plan }: PlannedBackup,
  does: readonly OwnUse['does'][],
  place: Path,
): void {
  for (const use of info.commands?.(plan.options) ?? [])
    if (does.includes(use.does) && use.command.in === 'host') checkCommand(context, use.command, place);
}
