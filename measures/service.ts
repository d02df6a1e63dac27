import type { LoadAnalysis } from '../core/analysis.ts';
import type { Evidence, Measure } from '../core/measure.ts';
import { formatDuration } from '../core/units.ts';
import type { Finding } from '../core/verdict.ts';
import { momentsOf } from './drill.ts';
import { finding } from './finding.ts';
import { recoveryTimeOf, timeEvidence } from './rto.ts';

/** Being right again is the least of a recovery: it earns nothing, and how long it may take is for the RTO to say. */
function judgeLoad(evidence: Evidence, load: LoadAnalysis): Finding {
  const time = recoveryTimeOf([load], momentsOf(evidence.events), evidence.ledger.damage);
  const common = { id: `service/${load.load}`, title: `${load.load} has right answers again`, unit: 'ms' as const, evidence: timeEvidence(evidence, [load]), gate: true };
  if (time.rtaMs === null) return finding({ ...common, verdict: time.neverRight ? 'fail' : 'inconclusive', detail: `Not known to be: ${time.reason}.` });
  return finding({ ...common, verdict: 'pass', actual: time.rtaMs, detail: `From ${formatDuration(time.rtaMs)} after the fault on, to the end of the observation.` });
}

export const service: Measure = {
  about: 'Clients that felt the fault have right answers again, whether or not an RTO was promised',
  judge: (evidence) => evidence.ledger.loads.filter((load) => load.service.impactMs !== null).map((load) => judgeLoad(evidence, load)),
};
