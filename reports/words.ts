import type { DrillResult } from '../core/result.ts';
import { formatBytes, formatCount, formatDuration } from '../core/units.ts';
import type { Unit, Verdict } from '../core/verdict.ts';

/** What every report says where nothing was measured. Never 0, never a dash that could be read as none. */
export const notMeasured = 'not measured';

/** A verdict is told by word and by sign; colour only repeats it. */
export const verdictWords: Record<Verdict, { word: string; mark: string }> = {
  pass: { word: 'PASS', mark: '✓' },
  fail: { word: 'FAIL', mark: '✗' },
  inconclusive: { word: 'INCONCLUSIVE', mark: '?' },
};

export const durationText = (ms: number | null): string => (ms === null ? notMeasured : formatDuration(ms));
export const countText = (count: number | null): string =>
  count === null ? notMeasured : formatCount(count);
export const bytesText = (bytes: number | null): string =>
  bytes === null ? notMeasured : formatBytes(bytes);
export const pointsText = (points: number): string => String(Number(points.toFixed(1)));
export const plural = (count: number, one: string, many = `${one}s`): string =>
  `${formatCount(count)} ${count === 1 ? one : many}`;

/** Where a check was seen to fail; of one of which nobody knows that it can, that. */
export const knownBadTexts = (
  knownBad: DrillResult['checks'][number]['knownBad'],
): { fails: string; by: string | null } =>
  knownBad === null
    ? { fails: 'no known-bad run', by: null }
    : { fails: knownBad.spoilt, by: knownBad.shownBy };

/** `+12.4 s` after the fault, `-3.0 s` before it; without a fault `at 52.0 s`, since the drill's origin. */
export function momentText(atMs: number | null, faultMs: number | null): string {
  if (atMs === null) return notMeasured;
  if (faultMs === null) return `at ${formatDuration(atMs)}`;
  return `${atMs >= faultMs ? '+' : ''}${formatDuration(atMs - faultMs)}`;
}

/**
 * A figure of a finding in its unit. Ratios are shown as percent with up to three decimals, never rounded up
 * to 100 %.
 */
export function figureText(value: number | null, unit: Unit | null): string {
  if (value === null) return notMeasured;
  if (unit === 'ms') return formatDuration(value);
  if (unit === 'bytes') return formatBytes(value);
  if (unit === 'count') return formatCount(value);
  if (unit === 'ratio') return `${Number((Math.floor(Number((value * 1e5).toFixed(6))) / 1e3).toFixed(3))} %`;
  return String(value);
}

export const resolutionText = (ms: number | null): string =>
  `probe resolution ${ms === null ? notMeasured : formatDuration(ms)}`;

export const isFinished = (result: DrillResult): boolean => result.outcome === 'completed';

/** `82 of 100 points`, or the interval that unmeasured points leave open. */
export function scoreText(score: DrillResult['score']): string {
  if (score.of === 0) return 'no points at stake: nothing was scored';
  const of = pointsText(score.of);
  if (score.low === score.high) return `${pointsText(score.low)} of ${of} points`;
  return `${pointsText(score.low)} to ${pointsText(score.high)} of ${of} points (${pointsText(score.high - score.low)} not measured)`;
}

const gravest = { fail: 0, inconclusive: 1, pass: 2 };
type Judged = DrillResult['findings'][number];

/**
 * Failures first, then what is inconclusive, then passes; gates before the rest of their kind. Otherwise as
 * judged.
 */
/**
 * What a step says of its own work, an entry a line; entries that say nothing are left out. Long values are
 * cut.
 */
export function factLines(facts: DrillResult['steps'][number]['facts']): string[] {
  if (facts === null || typeof facts !== 'object' || Array.isArray(facts)) return [];
  const says = (value: unknown): boolean =>
    value !== null && !(Array.isArray(value) && value.length === 0) && value !== '';
  return Object.entries(facts)
    .filter(([, value]) => says(value))
    .flatMap(([name, value]) => {
      if (typeof value === 'object' && !Array.isArray(value)) return factLines(value);
      const text = typeof value === 'string' ? value : JSON.stringify(value);
      return `${name}: ${text.length > factLength ? `${text.slice(0, factLength - 1)}…` : text}`;
    });
}
const factLength = 240;

export const gravestFirst = (findings: readonly Judged[]): Judged[] =>
  findings.toSorted((a, b) => gravest[a.verdict] - gravest[b.verdict] || Number(b.gate) - Number(a.gate));

const others = (count: number): string => (count > 1 ? ` (and ${formatCount(count - 1)} more)` : '');

/**
 * Why the drill is judged as it is: what weighs most, what was seen of it, and how much else there is. Titles
 * are claims, so a failed one is said to have failed.
 */
export function reasonText(result: DrillResult): string {
  const { findings } = result;
  const ended = isFinished(result)
    ? ''
    : `The drill was ${result.outcome}${result.error ? `: ${result.error}` : ''}. `;
  const told = (verdict: Verdict, word: string): string | null => {
    const [first, ...rest] = gravestFirst(findings).filter((finding) => finding.verdict === verdict);
    return first ? `${ended}${word}: ${first.title}${others(rest.length + 1)}. ${first.detail}` : null;
  };
  const wrong = told('fail', 'Failed') ?? told('inconclusive', 'Not proven');
  if (wrong) return wrong;
  if (findings.length === 0) return `${ended}Nothing was judged, so nothing is proven.`;
  if (result.verdict !== 'pass' || ended) {
    const why = ended || (result.error ? `${result.error}. ` : '');
    return `${why}The findings that there are pass, but they do not prove the drill.`;
  }
  return `${result.objectives.length > 0 ? 'Every objective met; all' : 'All'} ${plural(findings.length, 'finding')} passed.`;
}

/** `11 passed, 2 failed, 1 inconclusive`. */
export function tallyText(findings: readonly Judged[]): string {
  const count = (verdict: Verdict): number =>
    findings.filter((finding) => finding.verdict === verdict).length;
  return `${formatCount(count('pass'))} passed, ${formatCount(count('fail'))} failed, ${formatCount(count('inconclusive'))} inconclusive`;
}

export const timeScaleText = (scale: number): string =>
  scale === 1 ? 'real time' : `intervals ${formatCount(scale)}× shorter, durations as they are`;

/** Numbers of events, runs of three and more drawn together: `12, 13, 46–54`. */
export function evidenceText(evidence: readonly number[]): string {
  const runs: number[][] = [];
  for (const seq of evidence) {
    if (runs.at(-1)?.at(-1) === seq - 1) runs.at(-1)!.push(seq);
    else runs.push([seq]);
  }
  return (
    runs.flatMap((run) => (run.length > 2 ? [`${run[0]}–${run.at(-1)}`] : run.map(String))).join(', ') ||
    'none'
  );
}

/**
 * `figure 3 min 42 s, objective 5 min` of a finding; null where it has none. What it consists of is its
 * basis.
 */
export function comparisonText({ actual, objective, unit }: Judged): string | null {
  if (unit === null) return null;
  const figure = `figure ${figureText(actual, unit)}`;
  return objective === null ? figure : `${figure}, objective ${figureText(objective, unit)}`;
}
