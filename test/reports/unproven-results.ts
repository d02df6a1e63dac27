import type { DrillResult } from '../../core/result.ts';
import { finding, host, images, phasesOf, scoreOf, seriesOf } from './sample-parts.ts';

const open = [
  finding({ id: 'witness/crash', title: 'crash of redis took effect', verdict: 'inconclusive', gate: true, evidence: [211], detail: 'Redis answered every PING for 10.0 s after the kill: nothing shows that it died.', basis: 'measured' }),
  finding({ id: 'rto/redis', claim: 'redis/rto', title: 'redis recovers within its RTO', verdict: 'inconclusive', objective: 300_000, unit: 'ms', weight: 25, gate: true, detail: 'No client operation failed, so there is no recovery to measure.', basis: 'not measured' }),
  finding({ id: 'rpo/redis', claim: 'redis/rpo', title: 'redis loses no more than its RPO', verdict: 'inconclusive', objective: 900_000, unit: 'ms', weight: 25, gate: true, detail: 'Read-back stopped after 812 of 40 112 records.', basis: 'not measured' }),
];
const unmeasured: DrillResult['time'] = {
  faultMs: null, witnessedMs: null, impactMs: null, detectedMs: null, recoveryBegunMs: null, recoveryEndedMs: null, readyMs: null, correctMs: null, verifiedMs: null,
  rtaMs: null, outageMs: null, restoreOnlyMs: null, resolutionMs: null, derivedDetectionMs: null, declaredPeopleMs: null, worstRtaMs: null,
};

/** The fault was injected, but nothing shows that it took effect. */
export const unwitnessed: DrillResult = {
  schema: 'muster/result/v1', drill: '0009-redis-crash', scenario: 'reference/redis-crash', title: 'Redis is killed as by the OOM killer', about: null, strategy: 'modular-backend',
  seed: 3, timeScale: 60, begunUtc: '2026-11-20T02:11:00.000Z', durationMs: 61_204, muster: '0.1.0', host, images, servers: { redis: 'Redis 8.0.2' },
  outcome: 'completed', error: null, verdict: 'inconclusive', exitCode: 2, score: scoreOf(open),
  time: { ...unmeasured, faultMs: 40_000, derivedDetectionMs: 90_000 },
  waterfall: [],
  data: { rpaMs: null, rpaAtMostMs: null, worstRpaMs: null, newestSurvivorMs: null },
  objectives: [
    { component: 'redis', kind: 'rto', objectiveMs: 300_000, actualMs: null, worstMs: null, verdict: 'inconclusive', basis: 'not measured' },
    { component: 'redis', kind: 'rpo', objectiveMs: 900_000, actualMs: null, worstMs: null, verdict: 'inconclusive', basis: 'not measured' },
  ],
  loads: [{ load: 'tokens', target: 'redis', kind: 'data', volatile: false, operations: 40_310, right: 40_310, wrong: 0, failed: 0, unknown: 0, acknowledged: null, classes: null, holes: null, lostBeforeFault: null, lostAfterFault: null, examples: {} }],
  backups: [], faults: [{ fault: 'crash', target: 'redis', begunMs: 40_000, witnessedMs: null, proof: null, healed: null }], steps: [],
  checks: [{ check: 'ledger', component: 'redis', verdict: 'inconclusive', detail: 'Read-back stopped after 812 of 40 112 records' }],
  findings: open,
  phases: phasesOf([['plan', 40], ['up', 13_800], ['seed', 2_900], ['protect', 23_260], ['break', 10_004, false], ['verify', 1_200, false], ['heal', 200], ['down', 9_300], ['judge', 400], ['report', 100]]),
  series: [seriesOf('tokens', { startMs: 16_700, endMs: 50_000, bucketMs: 250, perBucket: 300, failing: 0, outage: null })],
  unavailableSeconds: null, alerts: [], errorBudget: null,
  notes: [],
  limits: ['Nothing about recovery: the fault was not seen to take effect.'],
};

/** Ctrl-C while the stack came up: nearly everything is unknown. */
export const interrupted: DrillResult = {
  ...unwitnessed, drill: '0010-redis-crash', durationMs: 9_204, outcome: 'interrupted', error: 'SIGINT while the stack came up', exitCode: 130,
  images: [], servers: {}, host: {}, score: scoreOf([]), time: unmeasured, objectives: [], loads: [], faults: [], checks: [], findings: [],
  phases: phasesOf([['plan', 40], ['up', null]]), series: [], limits: ['Nothing: it did not run to its end.'],
};
