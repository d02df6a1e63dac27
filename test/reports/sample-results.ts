import type { DrillResult } from '../../core/result.ts';
import { interrupted, unwitnessed } from './unproven-results.ts';
import { pagesCorrupted } from './failed-result.ts';
import { volumeLost } from './passed-result.ts';

/** Everything that a name or an error from outside may try on a report. */
export const hostileText =
  '<script>alert(1)</script> <img src=x onerror=alert(1)> "\' & ]]> --> \u001b[31mred\u001b[0m \u202egnp.exe | `code` **bold** [link](http://evil.example/) @everyone http://evil.example www.evil.example \u0000\ud800\uffff\r\n# heading';

/** A finished drill whose every outside text is hostile, with names too long for any column. */
function hostile(): DrillResult {
  const source = structuredClone(pagesCorrupted);
  return {
    ...source,
    drill: `d-${hostileText}`,
    scenario: hostileText,
    title: hostileText,
    about: hostileText,
    strategy: hostileText,
    error: hostileText,
    host: { [hostileText]: hostileText },
    servers: { [hostileText]: hostileText },
    images: source.images.map((image) => ({
      ...image,
      service: hostileText,
      reference: hostileText,
      digest: hostileText,
    })),
    score: {
      ...source.score,
      gates: [hostileText],
      points: source.score.points.map((point) => ({ ...point, finding: hostileText, claim: hostileText })),
    },
    waterfall: source.waterfall.map((stretch) => ({ ...stretch, what: hostileText })),
    objectives: source.objectives.map((objective) => ({
      ...objective,
      component: hostileText,
      basis: hostileText,
    })),
    loads: source.loads.map((load) => ({
      ...load,
      load: hostileText,
      target: hostileText,
      examples: { lost: [{ id: 7, what: hostileText }] },
    })),
    backups: source.backups.map((backup) => ({
      ...backup,
      backup: hostileText,
      point: hostileText,
      copies: [hostileText],
      position: { [hostileText]: hostileText },
      error: hostileText,
    })),
    faults: source.faults.map((fault) => ({
      ...fault,
      fault: hostileText,
      target: hostileText,
      proof: hostileText,
    })),
    steps: source.steps.map((step) => ({
      ...step,
      title: hostileText,
      error: hostileText,
      facts: { [hostileText]: hostileText },
    })),
    checks: source.checks.map((check) => ({
      ...check,
      check: hostileText,
      component: hostileText,
      detail: hostileText,
      knownBad: check.knownBad && { spoilt: hostileText, shownBy: hostileText },
    })),
    findings: source.findings.map((finding, index) => ({
      ...finding,
      id: `${finding.id}/${index}/${hostileText}`,
      claim: hostileText,
      title: hostileText,
      detail: hostileText,
      basis: hostileText,
    })),
    series: source.series.map((series) => ({ ...series, load: hostileText })),
    notes: [{ atMs: 1, text: hostileText }],
    limitations: [hostileText],
  };
}

/** One result of each kind that a report must be able to show. */
export const sampleResults: Record<
  'pass' | 'fail' | 'inconclusive' | 'interrupted' | 'hostile',
  DrillResult
> = {
  pass: volumeLost,
  fail: pagesCorrupted,
  inconclusive: unwitnessed,
  interrupted,
  hostile: hostile(),
};
