import type { Scenario } from './scenario.ts';
import type { Strategy } from './strategy.ts';
import type { TimelineEvent } from './timeline.ts';
import type { Finding } from './verdict.ts';
import type { LedgerAnalysis } from './analysis.ts';

/** Everything a measure may look at. Nothing else exists: judging again from the bundle gives the same. */
export interface Evidence {
  events: readonly TimelineEvent[];
  strategy: Strategy;
  scenario: Scenario;
  ledger: LedgerAnalysis;
}

/** Pure. An exception inside one becomes an inconclusive finding, never a pass. */
export interface Measure {
  about: string;
  /** It asks what clients had of a fault: where a procedure breaks nothing there is nothing to ask. */
  ofFaults?: true;
  judge(evidence: Evidence): Finding[];
}
