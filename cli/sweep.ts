import type { DrillResult } from '../core/result.ts';
import type { Plan } from '../engine/plan.ts';
import { sweepOf, type Sweep } from '../reports/sweep.ts';

/** A scenario file that asks for a sweep, and the drill of it: they share the file's path. */
const sweeping = (drilled: Plan, asked: readonly Plan[]): Plan | undefined =>
  asked.find((plan) => plan.scenario.sweep && plan.scenarioFile === drilled.scenarioFile);
const momentOf = (plan: Plan): string => plan.faults[0]!.plan.at;

/** What a drill is called while it runs: with its moment where there are several. */
export const nameOf = (plan: Plan, asked: readonly Plan[]): string =>
  sweeping(plan, asked) ? `${plan.scenario.scenario} at ${momentOf(plan)}` : plan.scenario.scenario;

/** The drills that were run, put together by the sweeps that they belong to. */
export const sweepsOf = (
  asked: readonly Plan[],
  ran: readonly { plan: Plan; result: DrillResult }[],
): Sweep[] =>
  asked.flatMap((plan) => {
    const { sweep, scenario } = plan.scenario;
    if (!sweep) return [];
    return [
      sweepOf(
        scenario,
        ran
          .filter((one) => sweeping(one.plan, [plan]))
          .map((one) => ({ at: momentOf(one.plan), result: one.result })),
        sweep,
      ),
    ];
  });
