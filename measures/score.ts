import type { DrillResult } from '../core/result.ts';
import type { Finding, Verdict } from '../core/verdict.ts';

/** What a verdict leaves certain of a claim's weight, and what it leaves possible. */
const shares: Record<Verdict, { low: 0 | 1; high: 0 | 1 }> = {
  pass: { low: 1, high: 1 },
  fail: { low: 0, high: 0 },
  inconclusive: { low: 0, high: 1 },
};

/**
 * A ledger of points, not a formula (DESIGN §3, Score): each finding with a weight earns all of it, nothing,
 * or, when it was not measured, anything between: low 0, high its weight. The score is the interval of the
 * sums; anybody can add it up again from `result.json`. `gates` are the findings that no sum can hide.
 */
export function scoreOf(findings: readonly Finding[]): DrillResult['score'] {
  const points = findings
    .filter((finding) => finding.weight > 0)
    .map(({ id, claim, weight, verdict, evidence }) => ({
      finding: id,
      claim,
      weight,
      low: weight * shares[verdict].low,
      high: weight * shares[verdict].high,
      evidence,
    }));
  const sum = (of: 'low' | 'high' | 'weight'): number =>
    points.reduce((total, point) => total + point[of], 0);
  return {
    low: sum('low'),
    high: sum('high'),
    of: sum('weight'),
    points,
    gates: findings
      .filter((finding) => finding.gate && finding.verdict !== 'pass')
      .map((finding) => finding.id),
  };
}
