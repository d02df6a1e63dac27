import type { Measure } from '../core/measure.ts';
import { expectationsOf } from '../core/existing-plan.ts';
import { existingComponents } from '../core/steps/index.ts';
import { procedureOf } from '../core/procedures.ts';
import { eventsOf } from '../core/timeline.ts';
import { formatDuration } from '../core/units.ts';
import { finding, plural, weights } from './finding.ts';

/**
 * A restore test has no fault and no recovery time. Its restore time goes from the first byte fetched to the
 * first right answer of its checks; without a check nothing is known of what came back.
 */
export const restored: Measure = {
  about: 'In a restore test: what was restored was held against something, and how long that took',
  judge({ events, scenario, strategy }) {
    if (procedureOf(events) === 'drill') return [];
    // That what came back can be used is asked without anybody's word on what it should be.
    const undeclared = existingComponents(scenario).flatMap((name) => {
      const plan = strategy.components[name]?.existing;
      return plan
        ? expectationsOf(name, plan).flatMap(({ kind, check }) => (kind === 'usable' ? check : []))
        : [];
    });
    const fetched = eventsOf(events, 'stage.begun').find(({ data }) => data.stage === 'fetch');
    const ended = eventsOf(events, 'check.ended').filter(({ data }) => !undeclared.includes(data.check));
    const right = ended.filter(({ data }) => data.verdict === 'pass');
    const common = {
      id: 'restored',
      title: 'What was restored was found right',
      gate: true,
      unit: 'ms' as const,
      evidence: [...(fetched ? [fetched.seq] : []), ...ended.map(({ seq }) => seq)],
    };
    if (!fetched) return [finding({ ...common, verdict: 'inconclusive', detail: 'Nothing was fetched.' })];
    if (ended.length === 0)
      return [
        finding({
          ...common,
          verdict: 'inconclusive',
          detail: 'No check was declared: that something was restored says nothing of what it is.',
        }),
      ];
    if (right.length === 0)
      return [finding({ ...common, verdict: 'inconclusive', detail: 'No check gave a right answer.' })];
    const actual = right[0]!.atMs - fetched.atMs;
    return [
      finding({
        ...common,
        verdict: 'pass',
        actual,
        weight: weights.check,
        detail: `Restored and right after ${formatDuration(actual)}, by ${plural(right.length, 'check')}.`,
      }),
    ];
  },
};
