import type { Evidence, Measure } from '../core/measure.ts';
import { eventsOf, lastOf, type TimelineEvent } from '../core/timeline.ts';
import type { Finding } from '../core/verdict.ts';
import { finding, plural, seqsOf, weights } from './finding.ts';
import { isJudged } from './integrity.ts';

/** The check that Muster itself makes: read everything back, and judge it against the ledger. */
const ledgerCheck = 'ledger';

/** A scenario may name a check with its component or without: `ttl`, `redis.ttl`. */
const nameOf = ({ check, component }: { check: string; component: string | null }): string =>
  component === null || check.startsWith(`${component}.`) ? check : `${component}.${check}`;

function ended({ seq, data }: TimelineEvent<'check.ended'>): Finding {
  return finding({
    id: `check/${nameOf(data)}`,
    title: `${nameOf(data)} holds after recovery`,
    verdict: data.verdict,
    detail: data.detail,
    evidence: [seq],
    gate: true,
    weight: weights.check,
  });
}

function missing(evidence: Evidence, check: string): Finding {
  if (check === ledgerCheck) return readBack(evidence);
  return finding({
    id: `check/${check}`,
    title: `${check} holds after recovery`,
    verdict: 'inconclusive',
    detail: 'The scenario names it, and it never ended.',
    evidence: [],
    gate: true,
    weight: weights.check,
  });
}

/** Whether the question was answered at all; what the answer is, integrity and rpo say. */
function readBack({ events, ledger }: Evidence): Finding {
  const loads = ledger.loads.filter(isJudged);
  const unread = loads.filter((load) => load.data === null);
  const common = {
    id: `check/${ledgerCheck}`,
    title: 'Everything that was written was read back',
    gate: true,
    weight: weights.check,
    evidence: seqsOf(events, 'readback.ended', 'ledger.chunk'),
  };
  if (ledger.damage !== null)
    return finding({
      ...common,
      verdict: 'inconclusive',
      detail: `The ledger is damaged: ${ledger.damage}.`,
    });
  if (loads.length === 0)
    return finding({ ...common, verdict: 'inconclusive', detail: 'No load wrote anything.' });
  if (unread.length === 0)
    return finding({
      ...common,
      verdict: 'pass',
      detail: `${plural(loads.length, 'load')} read back completely.`,
    });
  const why = eventsOf(events, 'readback.ended').flatMap((event) => event.data.error ?? []);
  const whyText = why.length > 0 ? ` (${why.join('; ')})` : '';
  return finding({
    ...common,
    verdict: 'inconclusive',
    detail: `Not read back completely: ${unread.map((load) => load.load).join(', ')}${whyText}.`,
  });
}

export const checks: Measure = {
  about: 'Every check that the scenario names ended, and what it found',
  judge(evidence) {
    const recovery = lastOf(evidence.events, 'recovery.begun')?.seq ?? -1;
    const seen = eventsOf(evidence.events, 'check.ended').filter(({ seq }) => seq > recovery);
    const asked = evidence.scenario.check.filter(
      (name) => !seen.some(({ data }) => data.check === name || nameOf(data) === name),
    );
    return [...seen.map(ended), ...asked.map((name) => missing(evidence, name))];
  },
};
