import type { Finding, Verdict } from '../core/verdict.ts';
import { finding, weights } from './finding.ts';

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

/** `actual`: the figure of the row that is held against its objective. */
export const findingOfRow = (row: ObjectiveRow, title: string, actual: number | null): Finding =>
  finding({
    id: `${row.kind}/${row.component}`,
    claim: `${row.component}/${row.kind}`,
    title,
    verdict: row.verdict,
    actual,
    objective: row.objectiveMs,
    unit: 'ms',
    detail: row.detail,
    basis: row.basis,
    evidence: row.evidence,
    gate: true,
    weight: weights.objective,
  });
