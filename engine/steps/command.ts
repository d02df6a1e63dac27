import { titleOf, type StepOf } from '../../core/steps/index.ts';
import { commandStep } from '../command.ts';
import { stageOf } from '../drill-context.ts';
import { checkCommand } from '../plan-command.ts';
import type { StepWork } from './step.ts';

export const command: StepWork<StepOf<'command'>> = {
  check: (context, step, path) => checkCommand(context, step, [...path, 'in'], [...path, 'command']),
  commands: (step) => [step],
  carryOut: (drill, step, { running, folder, context }) =>
    stageOf(drill, running)('action', titleOf(step), () =>
      commandStep(drill, step, { scratch: folder, signal: context({}).signal }),
    ),
};
