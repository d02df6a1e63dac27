import type { DrillResult } from '../../core/result.ts';
import { classes, finding, host, images, phasesOf, scoreOf, seriesOf } from './sample-parts.ts';

const findings = [
  finding({ id: 'rto/mysql', claim: 'mysql/rto', title: 'mysql recovers within its RTO', verdict: 'fail', actual: 431_902, objective: 300_000, unit: 'ms', weight: 25, gate: true, evidence: [902, 911, 1404],
    detail: 'Clients had right answers again after measured 5 min 42 s (± 204 ms) + detection 1 min 30 s (derived) = 7 min 12 s, promised 5 min.', basis: 'measured + derived' }),
  finding({ id: 'rpo/mysql', claim: 'mysql/rpo', title: 'mysql loses no more than its RPO', verdict: 'pass', actual: 1_204, objective: 900_000, unit: 'ms', weight: 25, gate: true, evidence: [899, 1404], detail: 'The binary log was streamed up to 1.2 s before the fault.' }),
  finding({ id: 'witness/corrupt-pages', title: 'corrupt-pages of mysql took effect', verdict: 'pass', gate: true, evidence: [905], detail: 'CHECK TABLE users: Corrupt; the server aborted on page 14.' }),
  finding({ id: 'integrity/accounts/holes', title: 'accounts: no loss among what survived', verdict: 'fail', actual: 3, objective: 0, unit: 'count', gate: true, weight: 10, evidence: [1404, 1406],
    detail: '3 accounts were acknowledged before others that survived were begun. No backup schedule explains that: a part of the log was not replayed.' }),
  finding({ id: 'integrity/accounts/resurrected', title: 'accounts: nothing back that failed or was removed', verdict: 'pass', actual: 0, objective: 0, unit: 'count', gate: true, weight: 10, evidence: [1404], detail: 'None of the 112 removed accounts is there.' }),
  finding({ id: 'check/schema', title: 'Schema and counts are as before', verdict: 'pass', weight: 10, evidence: [1410], detail: '14 tables, 31 indexes and 2 triggers are equal.' }),
  finding({ id: 'check/grants', title: 'grants holds after recovery', verdict: 'inconclusive', weight: 10, evidence: [], detail: 'SHOW GRANTS was refused: the account of the drill lacks SELECT on mysql.user.', basis: 'not measured' }),
  finding({ id: 'check/logins', title: 'People can log in', verdict: 'pass', weight: 10, evidence: [1412], detail: '50 of 50 credentials log in.' }),
];

/** A drill that misses its RTO and has holes, with one check that could not look. */
export const pagesCorrupted: DrillResult = {
  schema: 'muster/result/v1', drill: '0008-mysql-pages-corrupted', scenario: 'reference/mysql-pages-corrupted', title: 'Pages of the users table are overwritten',
  about: null, strategy: 'modular-backend', seed: 11, timeScale: 1, begunUtc: '2026-11-20T02:02:10.004Z', durationMs: 482_330, muster: '0.1.0', host, images,
  servers: { mysql: 'MySQL 9.7.0' }, outcome: 'completed', error: null, verdict: 'fail', exitCode: 1, score: scoreOf(findings),
  time: {
    faultMs: 61_000, witnessedMs: 62_870, impactMs: 61_904, detectedMs: 66_010, recoveryBegunMs: 66_022, recoveryEndedMs: 401_880, readyMs: 402_301, correctMs: 402_902, verifiedMs: 431_500,
    rtaMs: 341_902, outageMs: 340_998, restoreOnlyMs: 327_400, resolutionMs: 204, derivedDetectionMs: 90_000, declaredPeopleMs: null, worstRtaMs: 431_902,
  },
  waterfall: [
    { stage: 'impact', what: 'first failed operation', beginMs: 61_000, endMs: 61_904 },
    { stage: 'detect', what: 'health check of mysql fails', beginMs: 61_904, endMs: 66_010 },
    { stage: 'decide', what: 'recovery begun', beginMs: 66_010, endMs: 66_022 },
    { stage: 'fetch', what: 'nightly from offsite', beginMs: 66_022, endMs: 70_114 },
    { stage: 'decrypt', what: 'AES-256-GCM, zstd', beginMs: 70_114, endMs: 74_480 },
    { stage: 'restore', what: 'mysql < dump', beginMs: 74_480, endMs: 192_610 },
    { stage: 'replay', what: 'mysqlbinlog up to the fault', beginMs: 192_610, endMs: 401_880 },
    { stage: 'ready', what: 'health endpoint answers', beginMs: 401_880, endMs: 402_301 },
    { stage: 'correct', what: 'right answers, unbroken', beginMs: 402_301, endMs: 402_902 },
    { stage: 'verify', what: 'everything read back and checked', beginMs: 402_902, endMs: 431_500 },
  ],
  data: { rpaMs: 1_204, rpaAtMostMs: 1_209, worstRpaMs: 1_204, newestSurvivorMs: 59_911 },
  objectives: [
    { component: 'mysql', kind: 'rto', objectiveMs: 300_000, actualMs: 341_902, worstMs: 431_902, verdict: 'fail', basis: 'measured + derived' },
    { component: 'mysql', kind: 'rpo', objectiveMs: 900_000, actualMs: 1_204, worstMs: 1_204, verdict: 'pass', basis: 'measured' },
    { component: 'app', kind: 'rto', objectiveMs: 600_000, actualMs: null, worstMs: null, verdict: 'inconclusive', basis: 'not measured' },
  ],
  loads: [
    { load: 'accounts', target: 'mysql', kind: 'data', volatile: false, operations: 71_400, right: 14_511, wrong: 12, failed: 56_861, unknown: 16, acknowledged: 9_811,
      classes: classes({ survived: 9_590, lost: 218, stale: 3, recovered: 9 }), holes: 3, lostBeforeFault: 221, lostAfterFault: 0,
      examples: { lost: [{ id: 9_591, what: 'acknowledged 59.8 s, not there' }], hole: [{ id: 4_102, what: 'acknowledged 41.2 s; 4 103 was begun 41.3 s and survived' }, { id: 4_107, what: 'acknowledged 41.3 s; 4 108 was begun 41.4 s and survived' }] } },
    { load: 'sessions', target: 'redis', kind: 'data', volatile: true, operations: 40_210, right: 39_811, wrong: 0, failed: 399, unknown: 0, acknowledged: 20_004,
      classes: classes({ survived: 0, lost: 20_004 }), holes: 0, lostBeforeFault: 3_811, lostAfterFault: 16_193, examples: {} },
  ],
  backups: [
    { backup: 'mysql.nightly', point: 'nightly-0', state: 'durable', begunMs: 19_004, consistentMs: 19_100, durableMs: 33_870, plainBytes: 2_147_483_648, storedBytes: 301_989_888, copies: ['volume', 'offsite'], position: { gtid: '3e11fa47-71ca-11e1-9e33-c80aa9429562:1-48811' }, error: null },
    { backup: 'mysql.binlog', point: 'binlog-0', state: 'durable', begunMs: 19_004, consistentMs: 59_796, durableMs: 59_990, plainBytes: 48_234_496, storedBytes: 11_534_336, copies: ['offsite'], position: { file: 'binlog.000004', position: '48234496' }, error: null },
    { backup: 'mysql.nightly', point: 'nightly-1', state: 'failed', begunMs: 49_004, consistentMs: null, durableMs: null, plainBytes: null, storedBytes: null, copies: [], position: {}, error: 'offsite: 507 Insufficient Storage' },
  ],
  faults: [{ fault: 'corrupt-pages', target: 'mysql', begunMs: 61_000, witnessedMs: 62_870, proof: 'CHECK TABLE users: Corrupt', healed: false }],
  steps: [
    { title: 'restore mysql from offsite', beginMs: 66_022, endMs: 192_610, ok: true, error: null, facts: { bytes: 71_303_168 } },
    { title: 'replay the binary log up to the fault', beginMs: 192_610, endMs: 401_880, ok: true, error: null, facts: null },
  ],
  checks: [
    { check: 'schema', component: 'mysql', verdict: 'pass', detail: '14 tables, 31 indexes and 2 triggers are equal' },
    { check: 'grants', component: 'mysql', verdict: 'inconclusive', detail: 'SHOW GRANTS was refused: the account of the drill lacks SELECT on mysql.user' },
    { check: 'logins', component: 'proxy', verdict: 'pass', detail: '50 of 50 credentials log in' },
  ],
  findings,
  phases: phasesOf([['plan', 44], ['up', 15_020], ['seed', 3_900], ['protect', 42_036], ['break', 1_870], ['detect', 3_140], ['recover', 335_870], ['verify', 29_620], ['heal', 410, false], ['down', 48_102], ['judge', 1_804], ['report', 514]]),
  series: [
    seriesOf('accounts', { startMs: 19_000, endMs: 430_000, bucketMs: 1_000, perBucket: 300, failing: 165, outage: [62_000, 403_000] }),
    seriesOf('sessions', { startMs: 19_000, endMs: 430_000, bucketMs: 1_000, perBucket: 98, failing: 80, outage: [399_000, 404_000] }),
  ],
  unavailableSeconds: 341,
  alerts: [
    { alert: 'error-rate', component: 'mysql', when: 'error-rate', severity: 'warning', condition: 'more than 5% of the operations in 1m fail', state: 'fired', firedMs: 12_000, clearedMs: null, falseAlarmMs: 12_000,
      basis: 'observed', detail: 'It would have fired 4.0 s before anything was broken.' },
  ],
  errorBudget: null,
  notes: [],
  limits: ['Only one table was corrupted: it does not show a recovery from a lost server.', 'People: no time was declared, so the worst case is of machines alone.'],
};
