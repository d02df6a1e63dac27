import type { Json } from './timeline.ts';
import type { Verdict } from './verdict.ts';

/**
 * `nothing`: inconclusive because there was nothing to compare. `gone`: in words, what is of no use to an
 * application, and what none does to itself: a database that held data and is missing, empty as a whole, or
 * locked and not let go. `nobody`: inconclusive because where it looked nobody answers, so that nothing was
 * asked.
 */
export interface CheckOutcome {
  verdict: Verdict;
  detail: string;
  facts: Json;
  nothing?: true;
  gone?: string[];
  nobody?: true;
}
