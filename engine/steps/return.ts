import { unknownName } from '../../core/document.ts';
import { titleOf } from '../../core/steps/index.ts';
import type { ReturnStep } from '../../core/steps/return.ts';
import { targetKinds } from '../../core/targets.ts';
import { stageOf } from '../drill-context.ts';
import { returnRegion } from '../regions.ts';
import type { StepWork } from './step.ts';

export const comesBack: StepWork<ReturnStep> = {
  /** A region comes back only where the scenario takes it away. */
  check: ({ source, problems }, step, path, { faults }) => {
    const lost = faults.filter(({ on }) => targetKinds[on].isWhole).map(({ plan }) => plan.target);
    if (!lost.includes(step.return))
      problems.add(
        unknownName(source, [...path, 'return'], 'region lost in this scenario', step.return, lost),
      );
  },
  carryOut: (drill, step, { running }) =>
    stageOf(drill, running)('action', titleOf(step), () => returnRegion(drill, step.return)),
};
