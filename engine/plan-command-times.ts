import type { Plan } from '../core/planned.ts';
import type { Scenario } from '../core/scenario.ts';
import { commandTitle } from '../core/steps/command.ts';
import { stepsOf } from '../core/steps/index.ts';
import { workOf } from './steps/index.ts';

/** Which commands of the recovery would be given more time than the step that they are run in. */
export function notesOnCommands(scenario: Scenario, backups: Pick<Plan, 'backups' | 'declared'>): string[] {
  const { stepDeadline } = scenario;
  return stepsOf(scenario)
    .flatMap((step) => workOf(step).commands?.(step, backups) ?? [])
    .filter(({ timeout }) => timeout.ms > stepDeadline.ms)
    .map(
      (command) =>
        `${commandTitle(command)} may take ${command.timeout.text} (timeout), and its step ${stepDeadline.text} (stepDeadline): it is ended after ${stepDeadline.text}, and the step has failed then`,
    );
}
