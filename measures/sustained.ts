import type { Measure } from '../core/measure.ts';
import type { SustainedEnded, SustainedFigures } from '../core/sustained.ts';
import { eventsOf } from '../core/timeline.ts';
import { formatCount } from '../core/units.ts';
import type { Finding } from '../core/verdict.ts';
import { drillTimesOf } from './drill-times.ts';
import { finding } from './finding.ts';

/** So many whole seconds right before the fault, at least, and at a low rate more of them. */
const lastSeconds = 4;
/** Of what was asked for, so much must have been answered: a generator is never exact to the request. */
const leastShare = 0.9;
const leastSeconds = 2;
/** Of fewer that were due, a single one that came after the last whole second is more than it may lack. */
const leastDue = 10;

const meanOf = (counts: readonly number[]): number =>
  counts.reduce((sum, one) => sum + one, 0) / counts.length;

/** Right answers in each of the whole seconds that lie in the window. */
function wholeSeconds(
  { perSecond, fromAtMs }: Pick<SustainedEnded, 'perSecond' | 'fromAtMs'>,
  beginMs: number,
  endMs: number,
): number[] {
  return perSecond.filter((_, second) => {
    const begun = fromAtMs + second * 1_000;
    return begun >= beginMs && begun + 1_000 <= endMs;
  });
}

/**
 * Mean of right answers a second, over the whole seconds that lie in the window. Null for fewer than
 * `leastSeconds` of them.
 */
export function perSecondIn(
  figures: Pick<SustainedEnded, 'perSecond' | 'fromAtMs'>,
  beginMs: number,
  endMs: number,
): number | null {
  const inside = wholeSeconds(figures, beginMs, endMs);
  return inside.length < leastSeconds ? null : meanOf(inside);
}

/**
 * Of the means of all seconds before the fault and of the last ones the lesser: one had died meanwhile. Null
 * where too few seconds, or answers that were due in them, say nothing.
 */
function beforeFault(figures: SustainedEnded, faultMs: number, ratePerSecond: number): number | null {
  const all = wholeSeconds(figures, 0, faultMs);
  if (all.length < leastSeconds || all.length * ratePerSecond < leastDue) return null;
  const last = all.slice(-Math.max(lastSeconds, Math.ceil(leastDue / ratePerSecond)));
  return Math.min(meanOf(all), meanOf(last));
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
      const before = ended ? beforeFault(ended.data, faultMs ?? 0, ratePerSecond) : null;
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
          detail: `It had fewer than ${leastSeconds} whole seconds before the fault, or fewer than ${leastDue} answers were due in them. ${figuresOf(ended.data)}`,
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
