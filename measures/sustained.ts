import type { Measure } from '../core/measure.ts';
import type { SustainedEnded, SustainedFigures } from '../core/sustained.ts';
import { eventsOf } from '../core/timeline.ts';
import { formatCount } from '../core/units.ts';
import type { Finding } from '../core/verdict.ts';
import { drillTimesOf } from './drill-times.ts';
import { finding } from './finding.ts';

/** So long before the fault it must still have been there. */
const rightBeforeMs = 5_000;
/** Of what was asked for, so much must have been answered: a generator is never exact to the request. */
const leastShare = 0.9;
const leastSeconds = 2;

/**
 * Mean of right answers a second, over the whole seconds that lie in the window. Null for fewer than
 * `leastSeconds` of them.
 */
export function perSecondIn(
  { perSecond, fromAtMs }: Pick<SustainedEnded, 'perSecond' | 'fromAtMs'>,
  beginMs: number,
  endMs: number,
): number | null {
  const inside = perSecond.filter((_, second) => {
    const begun = fromAtMs + second * 1_000;
    return begun >= beginMs && begun + 1_000 <= endMs;
  });
  return inside.length < leastSeconds ? null : inside.reduce((sum, one) => sum + one, 0) / inside.length;
}

/** Of the means of all seconds before the fault and of the last ones the lesser: one had died meanwhile. */
function beforeFault(figures: SustainedEnded, faultMs: number): number | null {
  const all = perSecondIn(figures, 0, faultMs);
  const last = perSecondIn(figures, faultMs - rightBeforeMs, faultMs);
  return all === null || last === null ? all : Math.min(all, last);
}

const whole = (rate: number | null): string => (rate === null ? 'unknown' : `${rate.toFixed(1)}/s`);

function figuresOf({ statuses, errors, timeouts, latencyMs }: SustainedFigures): string {
  const answers = Object.entries(statuses).map(([status, count]) => `${formatCount(count)} with ${status}`);
  const latency = latencyMs
    ? `; latency p50 ${latencyMs.p50} ms, p90 ${latencyMs.p90} ms, p99 ${latencyMs.p99} ms, at most ${latencyMs.max} ms`
    : '';
  return `Answers: ${answers.join(', ') || 'none'}; ${formatCount(errors)} failed connections, ${formatCount(timeouts)} timeouts${latency}.`;
}

/**
 * Was the system under the load that the scenario says, when it was broken? A drill of an idle system says
 * nothing of a busy one. What it had afterwards is told, and judged by nothing.
 */
export const sustained: Measure = {
  about: 'The sustained load of the scenario was on the system when the fault came',
  judge({ events }) {
    const { faultMs, recoveredMs, observationEndedMs } = drillTimesOf(events);
    return eventsOf(events, 'sustained.begun').map(({ data, seq }): Finding => {
      const { sustained: name, target, ratePerSecond } = data;
      const ended = eventsOf(events, 'sustained.ended').find((one) => one.data.sustained === name);
      const before = ended ? beforeFault(ended.data, faultMs ?? 0) : null;
      const after = ended ? perSecondIn(ended.data, recoveredMs ?? Infinity, observationEndedMs ?? 0) : null;
      const said = { id: `sustained/${name}`, title: `${target} was under ${ratePerSecond}/s of ${name}` };
      const common = {
        ...said,
        actual: before,
        objective: ratePerSecond,
        unit: 'count' as const,
        gate: true,
        evidence: [seq, ...(ended ? [ended.seq] : [])],
      };
      if (!ended)
        return finding({ ...common, verdict: 'inconclusive', detail: 'It never gave its figures.' });
      if (before === null)
        return finding({
          ...common,
          verdict: 'inconclusive',
          detail: `It had fewer than ${leastSeconds} whole seconds before the fault. ${figuresOf(ended.data)}`,
        });
      const is = `${whole(before)} of ${ratePerSecond}/s were answered right before the fault, ${whole(after)} once it had recovered. ${figuresOf(ended.data)}`;
      const enough = before >= leastShare * ratePerSecond;
      return finding({
        ...common,
        verdict: enough ? 'pass' : 'inconclusive',
        detail: enough
          ? is
          : `${is} The system was broken under less load than the scenario says: more connections, or a lower rate, is what it can do.`,
      });
    });
  },
};
