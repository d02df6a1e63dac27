import { unknownName } from '../core/document.ts';
import { inputError } from '../core/errors.ts';
import type { Scenario } from '../core/scenario.ts';
import { stepsOf } from '../core/steps/index.ts';
import { formatCount, formatDuration } from '../core/units.ts';
import { steadyOperations } from '../measures/ledger-service.ts';
import { operationsLeast } from '../measures/rpo.ts';
import type { PlannedBackup, PlannedComponent } from '../core/planned.ts';
import { able, component, type Context } from './plan-context.ts';
import { paceOf } from '../core/schedule-pace.ts';
import { asked, asksTooSeldom } from './asking-pace.ts';

export function checkLoads(context: Context): void {
  for (const [name, load] of Object.entries(context.scenario.load)) {
    const target = component(context, load.target, ['load', name, 'target']);
    const generators = Object.keys(target?.driver.generators ?? {});
    if (target && load.by !== undefined) {
      if (!generators.includes(load.by))
        context.problems.add(
          unknownName(
            context.source,
            ['load', name, 'by'],
            `load generator of driver ${target.declared.driver}`,
            load.by,
            generators,
          ),
        );
    } else if (target && !target.driver.workload) {
      context.problems.add(
        inputError(`driver ${target.declared.driver} has no workload`, {
          at: context.source.place(['load', name, 'target']),
          found: load.target,
          expected: `a component whose driver has one: ${able(context, (one) => one.driver.workload !== null)}`,
        }),
      );
    }
    const why = target && (target.driver.lacksLoad?.(target.config, load.by) ?? null);
    if (why)
      context.problems.add(
        inputError(`${load.target} cannot have such a load: ${why}`, {
          at: context.source.place(['load', name, load.by === undefined ? 'target' : 'by']),
          found: load.by ?? load.target,
        }),
      );
  }
  if (Object.keys(context.scenario.load).length === 0) {
    context.problems.add(
      inputError('there is no load', {
        at: context.source.place(['load'], true),
        expected: 'at least one load',
        hint: 'without client traffic nothing can be measured',
      }),
    );
  }
}

/**
 * What is legal and will be inconclusive, by the rate of a load and the time that the scenario gives it.
 * `hit`: components that faults are aimed at.
 */
export function notesOnLoads(
  scenario: Scenario,
  components: ReadonlyMap<string, PlannedComponent>,
  hit: ReadonlySet<string>,
  backups: readonly PlannedBackup[],
): string[] {
  const beforeMs = beforeFaultMs(scenario, backups);
  const isActedOn = hit.size > 0 && stepsOf(scenario).length > 0;
  return Object.entries(scenario.load).flatMap(
    ([name, { target, rate, by, volatile, impact = scenario.impact, least = operationsLeast }]) => {
      const component = components.get(target);
      const within = (ms: number): number => Math.floor((rate.perSecond * ms) / 1_000);
      const holds =
        hit.has(target) && by === undefined && !volatile && component?.declared.objectives.rpo !== undefined;
      const asks = `${name} asks ${rate.text}, about`;
      return [
        ...(within(scenario.giveUp.ms) < steadyOperations
          ? [
              `${asks} ${formatCount(within(scenario.giveUp.ms))} operations in the ${scenario.giveUp.text} that are watched: with fewer than ${steadyOperations} it cannot be seen right again, and is inconclusive`,
            ]
          : []),
        ...(holds && beforeMs !== null && within(beforeMs) < least
          ? [
              `${asks} ${formatCount(within(beforeMs))} operations in the ${formatDuration(beforeMs)} before the fault: with fewer than ${formatCount(least)} the RPO of ${target} is inconclusive`,
            ]
          : []),
        ...(isActedOn && impact !== 'none' && asksTooSeldom(rate.perSecond)
          ? [
              `${asks} ${formatCount(within(asked.longestMs))} operations in the ${formatDuration(asked.longestMs)} that a recovery waits for clients: it may have met nothing of what was broken by then, and where no client has, the drill is inconclusive`,
            ]
          : []),
      ];
    },
  );
}

const units = { ms: 1, s: 1_000, m: 60_000 };

/**
 * From the beginning of the load to the fault: an offset, or so many intervals, at their shortest. Null where
 * only the drill itself will know.
 */
function beforeFaultMs(
  { fault, points, timeScale }: Scenario,
  backups: readonly PlannedBackup[],
): number | null {
  const first = fault.find(({ beforehand, at }) => !beforehand && !at.includes('restore'));
  if (!first) return null;
  const offset = /^\+(\d+(?:\.\d+)?)(ms|s|m)$/.exec(first.at);
  if (offset) return Number(offset[1]) * units[offset[2] as keyof typeof units];
  const intervals = backups.flatMap(({ plan: { every, options }, info }) =>
    every ? paceOf(every.ms, timeScale, info.follows?.(options) ?? null).scaledMs : [],
  );
  if (first.at !== 'worst' || intervals.length === 0) return null;
  return points * Math.min(...intervals);
}
