import { unknownName } from '../../core/document.ts';
import { inputError } from '../../core/errors.ts';
import type { RegionFault } from '../../core/fault.ts';
import { componentsHit } from '../../core/targets.ts';
import { owned } from '../plan-input.ts';
import { regionTarget, undoOfLoss } from '../regions.ts';
import type { Target } from './target.ts';

/** Everything that is labelled with it, gone at once. A service that will be there must be. */
export const region: Target = {
  suffered: ({ source, regions, problems }, { name, target }, registries, path) => {
    if (regions.length === 0)
      problems.add(
        inputError(`there is no region ${target}: no service of the stack is labelled with any`, {
          at: source.place([...path, name]),
          found: target,
          expected: 'services with the label muster.region',
          hint: 'a service behind a profile that the strategy does not ask for does not count',
        }),
      );
    else if (!regions.includes(target))
      problems.add(unknownName(source, [...path, name], 'region', target, regions));
    return owned(registries.faults, name) ?? null;
  },
  shown: (planned, components) => ({ on: 'region', components: componentsHit(planned, components) }),
  aim: (drill, { id, fault, plan, params }) =>
    (fault as RegionFault<unknown>).aim(regionTarget(drill, plan.target, id), params, {
      seed: drill.seed,
    }),
  undo: undoOfLoss,
  isBackedUpBy: (backup, planned, components) =>
    componentsHit(planned, components).includes(backup.component),
  isUnderTest: false,
  // Who asks what was in a lost region reaches for what should be gone: there clients decide.
  canBeAsked: false,
  isNoticed: true,
  isUnderBackups: false,
  cutsLogs: true,
};
