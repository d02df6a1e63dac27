import { kindOf, type Step, type StepName, type StepOf } from '../../core/steps/index.ts';
import { command } from './command.ts';
import { replay } from './replay.ts';
import { restore } from './restore.ts';
import { restoreExisting } from './restore-existing.ts';
import { comesBack } from './return.ts';
import { run } from './run.ts';
import type { StepWork } from './step.ts';

/** How each kind of step is planned and carried out. */
const works: { [Name in StepName]: StepWork<StepOf<Name>> } = {
  restore,
  replay,
  command,
  run,
  return: comesBack,
  restoreExisting,
};

export const workOf = (step: Step): StepWork<Step> => works[kindOf(step)] as StepWork<Step>;
