import type { Measure } from '../core/measure.ts';
import { eventsOf, lastOf, type TimelineEvent } from '../core/timeline.ts';
import type { Verdict } from '../core/verdict.ts';
import { lastAttempt } from './drill-times.ts';
import { finding, plural, weights } from './finding.ts';

/**
 * The declared recovery was carried out: each step of its last attempt ended well, and so did the whole. A
 * scenario may allow further attempts, so that an attempt that failed before a good one is no failure of the
 * recovery; it is told all the same.
 */
export const recovery: Measure = {
  about: 'Every recovery step was carried out, and succeeded, within the attempts that the scenario allows',
  judge({ events, scenario }) {
    const { attempts, events: last } = lastAttempt(events);
    const ended = eventsOf(last, 'step.ended');
    const end = lastOf(last, 'recovery.ended');
    const failedBefore = tellFailed(events, last);
    const seqs = [...eventsOf(events, 'step.ended'), ...eventsOf(events, 'recovery.ended')]
      .map((event) => event.seq)
      .sort((a, b) => a - b);
    const common = {
      id: 'recovery',
      title: 'The recovery that is declared was carried out',
      gate: true,
      weight: weights.recovery,
      evidence: seqs,
    };
    const tell = (verdict: Verdict, detail: string) => [
      finding({ ...common, verdict, detail: failedBefore ? `${detail} ${failedBefore}` : detail }),
    ];
    if (attempts > scenario.attempts)
      return tell(
        'fail',
        `It was begun ${attempts} times, and the scenario allows ${plural(scenario.attempts, 'attempt')}.`,
      );
    const failed = ended.find((event) => !event.data.ok);
    if (failed)
      return tell('fail', `${failed.data.title} failed: ${failed.data.error ?? 'no reason was given'}.`);
    if (!end) return tell('inconclusive', 'It never ended.');
    if (!end.data.ok) return tell('fail', `It failed: ${end.data.error ?? 'no reason was given'}.`);
    if (scenario.recover === 'automatic')
      return [
        finding({
          ...common,
          weight: 0,
          verdict: 'pass',
          detail: 'It recovered by itself: no step could have failed, so this earns nothing.',
        }),
      ];
    const left = scenario.recover.length - new Set(ended.map(({ data }) => data.step)).size;
    if (left > 0)
      return tell('inconclusive', `${plural(left, 'step')} of ${scenario.recover.length} never ended.`);
    return tell(
      'pass',
      `${plural(ended.length, 'step')}: ${ended.map((event) => event.data.title).join(', ')}.`,
    );
  },
};

/**
 * What is said of the attempts before the last one; null when there was none. Their time is in the recovery
 * time.
 */
function tellFailed(events: readonly TimelineEvent[], last: readonly TimelineEvent[]): string | null {
  const before = eventsOf(events, 'recovery.ended').filter(
    ({ seq }) => last.length > 0 && seq < last[0]!.seq,
  );
  if (before.length === 0) return null;
  const why = before
    .map(({ data }, index) => `attempt ${index + 1} failed (${data.error ?? 'no reason was given'})`)
    .join(', ');
  return `Before this, ${why}; the time that it took counts.`;
}
