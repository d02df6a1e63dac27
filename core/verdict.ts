/** What a judgement may be. `inconclusive` is never a pass: what was not measured proves nothing. */
export type Verdict = 'pass' | 'fail' | 'inconclusive';

const gravity: Record<Verdict, number> = { pass: 0, inconclusive: 1, fail: 2 };

/** The gravest of the verdicts; `inconclusive` when there is none, for an empty list proves nothing. */
export const worstVerdict = (verdicts: readonly Verdict[]): Verdict =>
  verdicts.length === 0 ? 'inconclusive' : verdicts.reduce((a, b) => (gravity[b] > gravity[a] ? b : a));

/** 0 pass, 1 fail, 2 inconclusive. */
export const exitCodeOf = (verdict: Verdict): number => ({ pass: 0, fail: 1, inconclusive: 2 })[verdict];

export type Unit = 'ms' | 'count' | 'bytes' | 'ratio';

/**
 * One judged statement. `actual` is null when it was not measured, and then the verdict is never `pass`.
 * `evidence` holds sequence numbers of timeline events; a finding without evidence cannot pass.
 */
export interface Finding {
  /** Unique in a result: `rto/redis`, `integrity/tokens/lost`, `check/logins`. */
  id: string;
  /** The claim of the strategy that this exercises: `redis/rto`; null for a rule of Muster's own. */
  claim: string | null;
  title: string;
  verdict: Verdict;
  actual: number | null;
  objective: number | null;
  unit: Unit | null;
  /** One or two sentences for a person: what was seen, and why it is judged so. */
  detail: string;
  /** How figures came to be: `measured`, `derived`, `declared`, `interval declared, durability measured`. */
  basis: string;
  evidence: number[];
  /** A gate fails the drill whatever the score. */
  gate: boolean;
  /** Points in the score's ledger; 0 for findings that only gate or inform. */
  weight: number;
}
