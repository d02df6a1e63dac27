import type { DrillResult } from '../../core/result.ts';
import { classes, finding, host, images, phasesOf, scoreOf, seriesOf, type Backup } from './sample-parts.ts';

const snapshot = (number: number, begunMs: number): Backup => ({
  backup: 'redis.snapshot', point: `snapshot-${number}`, state: 'durable', begunMs, consistentMs: begunMs + 12, durableMs: begunMs + 640,
  plainBytes: 8_912_896 + number * 1_204_224, storedBytes: 5_120_770 + number * 702_464, copies: ['volume', 'offsite'],
  position: { replicationOffset: String(1_204_880 * number) }, error: null,
});

const findings = [
  finding({ id: 'rto/redis', claim: 'redis/rto', title: 'redis recovers within its RTO', verdict: 'pass', actual: 222_431, objective: 300_000, unit: 'ms', weight: 25, gate: true, evidence: [412, 418, 466],
    detail: 'From the wipe to the first unbroken run of right answers: 12.4 s measured, plus 1 min 30 s of detection derived from 3 missed checks every 30 s, plus 2 min declared for people.', basis: 'measured + derived + declared' }),
  finding({ id: 'rpo/redis', claim: 'redis/rpo', title: 'redis loses no more than its RPO', verdict: 'pass', actual: 300_652, objective: 900_000, unit: 'ms', weight: 25, gate: true, evidence: [388, 402, 466],
    detail: 'Observed 4.9 s at 60× shorter intervals, explained by 5.0 s between snapshots and 652 ms until durable. In real time: 5 min and 652 ms.', basis: 'interval declared, durability measured' }),
  finding({ id: 'witness/wipe-volume', title: 'wipe-volume of redis took effect', verdict: 'pass', gate: true, evidence: [414], detail: 'DBSIZE fell from 41 204 to 0 and /data is empty.' }),
  finding({ id: 'integrity/tokens/holes', title: 'tokens: no loss among what survived', verdict: 'pass', actual: 0, objective: 0, unit: 'count', gate: true, weight: 10, evidence: [466], detail: '9 706 acknowledged writes are missing, every one newer than the newest that survived.' }),
  finding({ id: 'schedule/redis.snapshot', claim: 'redis/backup/snapshot/every', title: 'The snapshots ran as often as declared', verdict: 'pass', weight: 10, evidence: [288, 330, 388], detail: '6 recovery points, 5.0 s apart at 60×: every 5 min in real time.' }),
  finding({ id: 'check/ttl', title: 'Tokens expire when they should', verdict: 'pass', weight: 10, evidence: [470], detail: '31 498 tokens expire within 1 s of their absolute expiry.' }),
  finding({ id: 'check/revoked-stay-revoked', title: 'Revoked tokens stay revoked', verdict: 'pass', gate: true, weight: 10, evidence: [472], detail: '200 of 200 revoked tokens are refused: the token epoch was raised after the restore.' }),
  finding({ id: 'check/logins', title: 'People can log in', verdict: 'pass', weight: 10, evidence: [474], detail: '50 of 50 credentials log in through TLS, proxy and app.' }),
];

/** The reference drill as it should end: volume wiped, restored from the offsite copy, everything within its objective. */
export const volumeLost: DrillResult = {
  schema: 'muster/result/v1', drill: '0007-redis-volume-lost', scenario: 'reference/redis-volume-lost',
  title: 'Redis loses its data volume under login traffic',
  about: 'The volume is wiped just before the next snapshot is durable; Redis is restored from the offsite copy and stale sessions are invalidated.',
  strategy: 'modular-backend', seed: 7, timeScale: 60, begunUtc: '2026-11-20T02:00:04.118Z', durationMs: 84_911, muster: '0.1.0', host, images,
  servers: { redis: 'Redis 8.0.2', proxy: 'nginx/1.26.3' }, outcome: 'completed', error: null, verdict: 'pass', exitCode: 0, score: scoreOf(findings),
  time: {
    faultMs: 52_000, witnessedMs: 52_038, impactMs: 52_021, detectedMs: 54_420, recoveryBegunMs: 54_431, recoveryEndedMs: 63_904, readyMs: 64_105, correctMs: 64_431, verifiedMs: 72_980,
    rtaMs: 12_431, outageMs: 12_410, restoreOnlyMs: 7_112, resolutionMs: 48, derivedDetectionMs: 90_000, declaredPeopleMs: 120_000, worstRtaMs: 222_431,
  },
  waterfall: [
    { stage: 'impact', what: 'first failed operation', beginMs: 52_000, endMs: 52_021 },
    { stage: 'detect', what: 'health check of redis fails', beginMs: 52_021, endMs: 54_420 },
    { stage: 'decide', what: 'recovery begun', beginMs: 54_420, endMs: 54_431 },
    { stage: 'fetch', what: 'snapshot-5 from offsite', beginMs: 54_431, endMs: 55_702 },
    { stage: 'decrypt', what: 'AES-256-GCM, zstd', beginMs: 55_702, endMs: 56_792 },
    { stage: 'restore', what: 'load the snapshot with AOF off', beginMs: 56_792, endMs: 61_404 },
    { stage: 'replay', what: 'rewrite the AOF and switch it on', beginMs: 61_404, endMs: 63_904 },
    { stage: 'ready', what: 'health endpoint answers', beginMs: 63_904, endMs: 64_105 },
    { stage: 'correct', what: 'right answers, unbroken', beginMs: 64_105, endMs: 64_431 },
    { stage: 'verify', what: 'everything read back and checked', beginMs: 64_431, endMs: 72_980 },
  ],
  data: { rpaMs: 4_896, rpaAtMostMs: 4_902, worstRpaMs: 300_652, newestSurvivorMs: 47_098 },
  objectives: [
    { component: 'redis', kind: 'rto', objectiveMs: 300_000, actualMs: 12_431, worstMs: 222_431, verdict: 'pass', basis: 'measured + derived + declared' },
    { component: 'redis', kind: 'rpo', objectiveMs: 900_000, actualMs: 4_896, worstMs: 300_652, verdict: 'pass', basis: 'interval declared, durability measured' },
  ],
  loads: [
    { load: 'tokens', target: 'redis', kind: 'data', volatile: false, operations: 98_311, right: 73_502, wrong: 0, failed: 24_790, unknown: 19, acknowledged: 41_204,
      classes: classes({ survived: 31_498, lost: 9_706, recovered: 3 }), holes: 0, lostBeforeFault: 9_706, lostAfterFault: 0,
      examples: { lost: [{ id: 31_499, what: 'acknowledged 47.1 s, not there' }] } },
    { load: 'logins', target: 'proxy', kind: 'journeys', volatile: false, operations: 4_911, right: 3_688, wrong: 0, failed: 1_223, unknown: 0, acknowledged: null, classes: null, holes: null, lostBeforeFault: null, lostAfterFault: null, examples: {} },
  ],
  backups: [0, 1, 2, 3, 4, 5].map((number) => snapshot(number, 21_400 + number * 5_000)).concat([
    { backup: 'redis.snapshot', point: 'snapshot-6', state: 'unfinished', begunMs: 51_400, consistentMs: 51_412, durableMs: null, plainBytes: null, storedBytes: null, copies: [], position: {}, error: 'Redis went away while the snapshot was read' },
  ]),
  faults: [{ fault: 'wipe-volume', target: 'redis', begunMs: 52_000, witnessedMs: 52_038, proof: 'DBSIZE fell from 41 204 to 0; /data is empty', healed: true }],
  steps: [
    { title: 'restore redis from offsite', beginMs: 54_431, endMs: 63_210, ok: true, error: null, facts: { keys: 41_204, keptBeside: ['users.acl'], damagedData: null } },
    { title: 'run invalidate-sessions', beginMs: 63_210, endMs: 63_904, ok: true, error: null, facts: null },
  ],
  checks: [
    { check: 'ttl', component: 'redis', verdict: 'pass', detail: '31 498 tokens expire within 1 s of their absolute expiry' },
    { check: 'revoked-stay-revoked', component: null, verdict: 'pass', detail: '200 of 200 revoked tokens are refused' },
    { check: 'logins', component: 'proxy', verdict: 'pass', detail: '50 of 50 credentials log in' },
  ],
  findings,
  phases: phasesOf([['plan', 41], ['up', 14_210], ['seed', 3_108], ['protect', 34_641], ['break', 38], ['detect', 2_393], ['recover', 9_473], ['verify', 9_076], ['heal', 310], ['down', 10_488], ['judge', 902], ['report', 231]]),
  series: [
    seriesOf('tokens', { startMs: 17_500, endMs: 71_000, bucketMs: 250, perBucket: 480, failing: 495, outage: [52_000, 64_300] }),
    seriesOf('logins', { startMs: 17_500, endMs: 71_000, bucketMs: 250, perBucket: 24, failing: 24, outage: [52_000, 64_300] }),
  ],
  unavailableSeconds: 13,
  alerts: [
    { alert: 'error-rate', component: 'redis', when: 'error-rate', severity: 'critical', condition: 'more than 10% of the operations in 1m fail', state: 'fired', firedMs: 56_250, clearedMs: 115_000, falseAlarmMs: null,
      basis: 'derived: 20.0 s of the window of 1m observed, the rest taken as the healthy traffic before the fault; resolution 250 ms', detail: 'It would have fired 6.2 s after the fault; it would have cleared at +1 min 05 s (derived: as if the right answers went on).' },
    { alert: 'response-time', component: 'redis', when: 'response-time', severity: 'warning', condition: 'less than 95% of the operations in 1m are done within 2s', state: 'silent', firedMs: null, clearedMs: null, falseAlarmMs: null,
      basis: 'observed, resolution 250 ms', detail: 'It would not have fired: the outage stays below it, however long.' },
    { alert: 'health-check', component: null, when: 'health-check', severity: null, condition: '3 misses in a row, asked every 30s', state: 'unknown', firedMs: null, clearedMs: null, falseAlarmMs: null,
      basis: 'not measured', detail: 'A client noticed first: whether a health check sees this outage was not asked.' },
  ],
  errorBudget: { target: 0.999, periodMs: 2_592_000_000, budgetMs: 2_592_000, load: 'tokens', badMs: 12_431, burnt: 0.0048, delayMs: 210_000, worstBurnt: 0.0858,
    detail: '12.4 s without service (tokens, measured) + 3 min 30 s until somebody acts (derived, declared) of 43 min 12 s = (100 % - 99.9%) × 30d: 8.58 % of the error budget.' },
  notes: [{ atMs: 9_120, text: './uploads of app at /uploads: a copy in a volume of the drill\'s own instead (services may write to it)' }],
  limits: [
    'One drill on one machine: it does not show how a larger data set restores, or how the recovery fares in another region.',
    'Detection is derived from the strategy, and the time of people is declared there: neither was measured.',
    'Journeys are judged while they run; what they wrote was not read back one by one.',
  ],
};
