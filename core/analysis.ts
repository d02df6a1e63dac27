import type { Blind } from './workload.ts';

/**
 * What became of each write, by DESIGN's classes (Jepsen's set and queue checkers, plus failed-but-present
 * and torn).
 */
export const dataClasses = [
  'survived',
  'lost',
  'lost-after-recovery',
  'phantom',
  'resurrected',
  'corrupt',
  'stale',
  'duplicated',
  'torn',
  'recovered',
] as const;
export type DataClass = (typeof dataClasses)[number];

export interface Example {
  id: number;
  what: string;
}

/**
 * Loss and integrity of one load, judged against what was read back. Times are ms since the drill's origin.
 */
export interface DataAnalysis {
  /**
   * Ids with a write attempted / with an acknowledged write or removal; writes and removals that failed /
   * whose outcome nobody knows.
   */
  attempted: number;
  acknowledged: number;
  failed: number;
  unknown: number;
  /**
   * What the classes rest on, so that a zero can be told from a question never put: values read back, ids
   * whose last acknowledged operation is a removal, atomic groups of which anything is there.
   */
  readBack: number;
  removals: number;
  groups: number;
  /**
   * Ids whose last acknowledged operation was invoked after the recovery was over: there is no excuse for
   * losing one.
   */
  acknowledgedAfterRecovery: number;
  /**
   * Ids that are there by a change that was under way while something was being broken: whether what they
   * held before was lost, nobody can see. They are in no class.
   */
  inDoubt: number;
  classes: Record<DataClass, number>;
  examples: Partial<Record<DataClass | 'hole' | 'in-doubt', Example[]>>;
  /**
   * Lost or stale: acknowledged before the fault, and after it. What was lost after the recovery is in
   * neither.
   */
  lostBeforeFault: number;
  lostAfterFault: number;
  oldestLostAckMs: number | null;
  newestLostAckMs: number | null;
  /**
   * Values acknowledged before the fault that are there. None, where some are lost: the loss reaches back
   * beyond the drill.
   */
  survivedFault: number;
  /**
   * What clients saw since all was broken: ids that are lost, as acknowledged; others of these, gone before a
   * restore began; and gone, ids that are there in the end.
   */
  lostSeenThere: number;
  lostSeenGone: number;
  backSeenGone: number;
  /** Newest acknowledgement, before recovery began, of a write that is there. */
  newestSurvivorAckMs: number | null;
  /** Lost writes acknowledged before a surviving one was invoked, both before recovery began. */
  holes: number;
}

/**
 * How the client fared with one load. An operation is one call of the client, however many rows it wrote, and
 * counts at its completion; failures include wrong answers, and what was asked for while it was observed and
 * failed only after that.
 */
export interface ServiceAnalysis {
  operations: number;
  right: number;
  wrong: number;
  failed: number;
  unknown: number;
  /**
   * Right ones from the fault on that took longer than the strategy's `slo.slow`: late is not right. 0 where
   * it names none.
   */
  tooSlow: number;
  /**
   * Completion of the first operation at or after the fault that failed, was wrong or too slow; null when
   * none did.
   */
  impactMs: number | null;
  /**
   * Completion of the first right operation of the final unbroken run; null when there is no such run of 2 s
   * and 20 operations.
   */
  correctMs: number | null;
  /** From the operation completed just before `correct` to `correct`: nothing finer was probed. */
  correctResolutionMs: number | null;
  lastFailureMs: number | null;
  /** Right operations after the last failure, to the end of the observation. */
  rightSinceFailure: number;
  /** Completion of the last operation before the fault, and of the last right one that was observed. */
  lastBeforeFaultMs: number | null;
  lastRightMs: number | null;
  /**
   * Operations that were acknowledged, or rightly answered, before the fault; and those of them that wrote or
   * removed.
   */
  acknowledgedBeforeFault: number;
  writesBeforeFault: number;
  /**
   * Newest acknowledgement of a write or removal that was at least a second old at the fault: time enough to
   * be read from a log. Null without one.
   */
  unhurriedWriteMs: number | null;
  /** Failures before the fault: a drill whose client fails before anything was broken proves nothing. */
  failuresBeforeFault: number;
}

/**
 * What a load asked for from the fault on until somebody began to recover, whenever it ended. Times are ms
 * since the drill's origin. Where nobody acted, or nothing was broken, it says nothing.
 */
export interface BeforeRecovery {
  /**
   * Invocation of the first operation that failed, was wrong or too slow, and not because of the recovery;
   * null when none did.
   */
  failedFromMs: number | null;
  /**
   * Right answers to what was asked for since the last fault of what these clients come to had been seen to
   * take effect; 0 where there was none.
   */
  rightSinceEffect: number;
  /**
   * Operations that were asked for since `failedFromMs`, or since the fault where that is null; those that
   * failed or were wrong; those that were answered or waited for in vain, and how many of these took longer.
   */
  all: number;
  failed: number;
  timed: number;
  longer: { thanMs: number; count: number }[];
}

/**
 * Client operations per bucket of time, from the drill's origin on. `slow` of the right ones took longer than
 * the strategy's `slo.slow`; null where it names none. Times are of operations that were answered or waited
 * for in vain (not of those that never left); percentiles are upper bounds, within 4 %, and null where there
 * was no such operation.
 */
export interface Series {
  bucketMs: number;
  startMs: number;
  right: number[];
  failed: number[];
  slow: number[] | null;
  slowestMs: number[];
  p50Ms: (number | null)[];
  p99Ms: (number | null)[];
  timed: number[];
  /** For each response time that an alert compares with: how many operations took longer. */
  longer: { thanMs: number; counts: number[] }[];
}

export interface LoadAnalysis {
  load: string;
  index: number;
  target: string;
  ratePerSecond: number;
  kind: 'data' | 'visits';
  neverReturn: boolean;
  /** What reading it back cannot show, whatever is there. */
  blindTo: readonly Blind[];
  /** Loss is the recovery's declared purpose (sessions invalidated): counted, not held against the RPO. */
  volatile: boolean;
  records: number;
  /** Null when it was not read back completely: then nothing is known about loss. */
  data: DataAnalysis | null;
  service: ServiceAnalysis;
  beforeRecovery: BeforeRecovery;
  series: Series;
}

export interface LedgerAnalysis {
  loads: LoadAnalysis[];
  /** Null when the ledger is whole and matches the digests on the timeline; otherwise what is wrong. */
  damage: string | null;
}
