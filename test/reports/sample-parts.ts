import type { DrillResult } from '../../core/result.ts';
import type { Phase } from '../../core/timeline.ts';

export type Finding = DrillResult['findings'][number];
export type Backup = DrillResult['backups'][number];
type Load = DrillResult['loads'][number];
type Series = DrillResult['series'][number];

/** A finding with the common parts filled in. */
export const finding = (
  part: Pick<Finding, 'id' | 'title' | 'verdict' | 'detail'> & Partial<Finding>,
): Finding => ({
  claim: null,
  actual: null,
  objective: null,
  unit: null,
  basis: 'measured',
  evidence: [],
  gate: false,
  weight: 0,
  ...part,
});

/** Classes of a load that was read back whole: what is not named is nought. */
export const classes = (part: Partial<NonNullable<Load['classes']>>): NonNullable<Load['classes']> => ({
  survived: 0,
  lost: 0,
  'lost-after-recovery': 0,
  phantom: 0,
  resurrected: 0,
  corrupt: 0,
  stale: 0,
  duplicated: 0,
  torn: 0,
  recovered: 0,
  ...part,
});

/**
 * The score's ledger as the engine keeps it: weight for a pass, nothing for a failure, an open interval for
 * what is unknown.
 */
export function scoreOf(findings: readonly Finding[]): DrillResult['score'] {
  const points = findings
    .filter((item) => item.weight > 0)
    .map((item) => ({
      finding: item.id,
      claim: item.claim,
      weight: item.weight,
      low: item.verdict === 'pass' ? item.weight : 0,
      high: item.verdict === 'fail' ? 0 : item.weight,
      evidence: item.evidence,
    }));
  const sum = (pick: (point: (typeof points)[number]) => number): number =>
    points.reduce((total, point) => total + pick(point), 0);
  return {
    low: sum((point) => point.low),
    high: sum((point) => point.high),
    of: sum((point) => point.weight),
    points,
    gates: findings.filter((item) => item.gate && item.verdict === 'fail').map((item) => item.id),
  };
}

/** Phases end to end from their durations; the last is still open when its duration is null. */
export function phasesOf(durations: [Phase, number | null, (boolean | null)?][]): DrillResult['phases'] {
  let at = 0;
  return durations.map(([phase, ms, ok = ms === null ? null : true]) => {
    const beginMs = at;
    at += ms ?? 0;
    return { phase, beginMs, endMs: ms === null ? null : at, ok };
  });
}

/**
 * Client operations per bucket: `perBucket` right ones outside the outage, `failing` failed ones inside, with
 * a small fixed ripple.
 */
export function seriesOf(
  load: string,
  part: {
    startMs: number;
    endMs: number;
    bucketMs: number;
    perBucket: number;
    failing: number;
    outage: [number, number] | null;
  },
): Series {
  const { startMs, endMs, bucketMs, perBucket, failing, outage } = part;
  const count = Math.ceil((endMs - startMs) / bucketMs);
  const down = (index: number): boolean =>
    outage !== null && startMs + index * bucketMs >= outage[0] && startMs + index * bucketMs < outage[1];
  const ripple = (index: number): number =>
    Math.round(perBucket * (1 + 0.06 * Math.sin(index * 1.7) + 0.03 * Math.sin(index * 0.31)));
  const indices = Array.from({ length: count }, (_, index) => index);
  return {
    load,
    bucketMs,
    startMs,
    right: indices.map((index) => (down(index) ? 0 : ripple(index))),
    failed: indices.map((index) => (down(index) ? failing + (index % 3) : 0)),
    slow: null,
    slowestMs: indices.map((index) => (down(index) ? 1000 : 3 + (index % 5))),
    p50Ms: indices.map((index) => (down(index) ? null : 1 + (index % 3))),
    p99Ms: indices.map((index) => (down(index) ? null : 3 + (index % 5))),
  };
}

export const host = {
  docker: '20.10.24+dfsg1',
  compose: '2.26.1',
  node: 'v24.21.0',
  kernel: '6.1.0-31-amd64',
  cpus: '2',
  memory: '7.7 GiB',
  os: 'Debian GNU/Linux 12 (bookworm)',
};
const digest = (byte: string): string => `sha256:${byte.repeat(32)}`;
export const images: DrillResult['images'] = [
  { service: 'redis', reference: 'redis:8.0.2', digest: digest('3f'), source: 'built' },
  { service: 'mysql', reference: 'mysql:9.7.0', digest: digest('a1'), source: 'built' },
  { service: 'proxy', reference: 'nginx:1.26.3', digest: digest('07'), source: 'built' },
  { service: 's3-west', reference: 'versity/versitygw:v1.8.0', digest: digest('c4'), source: 'pulled' },
];
