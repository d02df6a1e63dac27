import type { Evidence, Measure } from '../core/measure.ts';
import { expectationsOf } from '../core/existing-plan.ts';
import { ownMethod } from '../core/own-backup.ts';
import { existingComponents } from '../core/steps/index.ts';
import { procedureOf } from '../core/procedures.ts';
import { eventsOf, type TimelineEvent } from '../core/timeline.ts';
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
    const anyway = heldWhenEmpty(events);
    const passed = ended.filter(({ data }) => data.verdict === 'pass');
    const right = passed.filter(({ data }) => data.component !== null || !anyway.includes(data.check));
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
      return [
        finding({
          ...common,
          verdict: 'inconclusive',
          detail:
            passed.length === 0
              ? 'No check gave a right answer.'
              : `What was asked holds of a server with nothing in it as well (${passed.map(({ data }) => data.check).join(', ')}): it says nothing of what was restored.`,
        }),
      ];
    const over = restoredOver({ events, strategy });
    if (over !== null)
      return [
        finding({
          ...common,
          verdict: 'inconclusive',
          detail: `A script of your own restored ${over} into a server that nobody had emptied: what its image made may be what was found right.`,
        }),
      ];
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

/** What a script restored into a sandbox that was not emptied for it; null where there is no such thing. */
function restoredOver({ events, strategy }: Pick<Evidence, 'events' | 'strategy'>): string | null {
  const emptied = new Set(
    eventsOf(events, 'step.ended').flatMap(({ data: { id, facts } }) =>
      facts !== null && typeof facts === 'object' && 'emptied' in facts ? [id] : [],
    ),
  );
  const over = eventsOf(events, 'point.fetched').find(({ data }) => {
    const [component, ...name] = data.backup.split('.') as [string, ...string[]];
    const declared = strategy.components[component]?.backups[name.join('.')];
    return declared?.method === ownMethod && !emptied.has(data.of);
  });
  return over?.data.point ?? null;
}

/** Invariants that held before anything was restored, when the server had been emptied for it. */
export const heldWhenEmpty = (events: readonly TimelineEvent[]): string[] =>
  eventsOf(events, 'step.ended').flatMap(({ data: { facts } }) => {
    const held =
      facts !== null && typeof facts === 'object' && 'heldWhenEmpty' in facts && facts['heldWhenEmpty'];
    return Array.isArray(held) ? held.map(String) : [];
  });
