import type { Verdict } from '../core/verdict.ts';

/**
 * One objective held against what was measured: the source of a finding and of a row of `result.objectives`.
 */
export interface ObjectiveRow {
  component: string;
  kind: 'rto' | 'rpo';
  objectiveMs: number;
  /** Measured in this drill: RTA or RPA. */
  actualMs: number | null;
  /** What is held against the objective: the measured figure and all that is added to it. */
  worstMs: number | null;
  verdict: Verdict;
  basis: string;
  detail: string;
  evidence: number[];
}
