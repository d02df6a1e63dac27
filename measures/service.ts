import type { LoadAnalysis } from '../core/analysis.ts';
import type { Evidence, Measure } from '../core/measure.ts';
import { formatDuration } from '../core/units.ts';
import type { Finding } from '../core/verdict.ts';
import { faultedComponents, drillTimesOf } from './drill-times.ts';
import { feltFault } from './felt.ts';
import { finding } from './finding.ts';
import { rightAgainOf, timeEvidence } from './rto.ts';
import { silentAtEndMs } from './silence.ts';

/**
 * Being right again is the least of a recovery: it earns nothing, and how long it may take is for the RTO to
 * say.
 */
function judgeLoad(evidence: Evidence, load: LoadAnalysis): Finding {
  const time = rightAgainOf([load], drillTimesOf(evidence.events), evidence.ledger.damage);
  const common = {
    id: `service/${load.load}`,
    title: `${load.load} has right answers again`,
    unit: 'ms' as const,
    evidence: timeEvidence(evidence, [load]),
    gate: true,
  };
  if (time.rtaMs === null)
    return finding({
      ...common,
      verdict: time.neverRight ? 'fail' : 'inconclusive',
      detail: `Not known to be: ${time.reason}.`,
    });
  return finding({
    ...common,
    verdict: 'pass',
    actual: time.rtaMs,
    detail: `From ${formatDuration(time.rtaMs)} after the fault on, to the end of the observation.`,
  });
}

/**
 * Nobody felt the fault, and nothing says that nobody should: what was broken may be nothing that these
 * clients use. Where an RTO was promised, that is what the RTO says already.
 */
function unfelt(evidence: Evidence): Finding[] {
  const { scenario, strategy, events, ledger } = evidence;
  const promised = faultedComponents(events).some((name) => strategy.components[name]?.objectives.rto);
  const spared = ledger.loads.every(
    ({ load }) => (scenario.load[load]?.impact ?? scenario.impact) === 'none',
  );
  if (drillTimesOf(events).faultMs === null || promised || spared || ledger.damage !== null) return [];
  const none = ledger.loads.every(({ service: { impactMs } }) => impactMs === null)
    ? 'No client operation failed after the fault, so'
    : 'No client operation failed before the recovery began, and what failed after that may be what it broke itself:';
  return [
    finding({
      id: 'service/felt',
      title: 'Clients felt what was broken',
      verdict: 'inconclusive',
      evidence: timeEvidence(evidence, ledger.loads),
      gate: true,
      detail: `${none} nothing shows that what was broken is anything that they use. \`impact: none\` promises that they notice nothing.`,
    }),
  ];
}

export const service: Measure = {
  about:
    'Clients felt the fault, unless they were to notice nothing, and have right answers again, whether or not an RTO was promised',
  judge(evidence) {
    const { loads } = evidence.ledger;
    const moments = drillTimesOf(evidence.events);
    const failed = loads.filter((load) => load.service.impactMs !== null);
    const silent = loads.filter((load) => !failed.includes(load) && silentAtEndMs(load, moments) !== null);
    const judged = [...failed, ...silent].map((load) => judgeLoad(evidence, load));
    return failed.some((load) => feltFault(load, moments)) ? judged : [...judged, ...unfelt(evidence)];
  },
};
