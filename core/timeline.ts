import type { BegunWith } from './begun-with.ts';
import type { Provenance, RecoveryPoint } from './recovery-point.ts';
import type { Strategy } from './strategy.ts';
import type { Scenario } from './scenario.ts';
import type { ExistingEvents } from './existing-events.ts';
import type { ScheduleEvents } from './schedule-events.ts';
import type { Verdict } from './verdict.ts';
import type { Trouble } from './errors.ts';
import type { OfStep, RunningCommand, RunningStep } from './steps/running.ts';
import type { ImageRecord, RegionReached } from './stack.ts';
import type { SustainedBegun, SustainedEnded } from './sustained.ts';
import type { Blind } from './workload.ts';

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** What can be carried out. */
export type ProcedureName = 'drill' | 'restore-test';

export const phases = [
  'plan',
  'up',
  'seed',
  'protect',
  'break',
  'detect',
  'recover',
  'verify',
  'heal',
  'down',
  'judge',
  'report',
] as const;
export type Phase = (typeof phases)[number];

/** What a stretch of a recovery was spent on. */
export const stages = [
  'detect',
  'decide',
  'fence',
  'fetch',
  'decrypt',
  'restore',
  'replay',
  'ready',
  'action',
] as const;
export type Stage = (typeof stages)[number];

/**
 * Every kind of event and what it carries. Times inside data are `…AtMs`: monotonic ms since the drill's
 * origin, as the event's own `atMs`.
 */
export interface EventData extends ExistingEvents, ScheduleEvents {
  'drill.begun': {
    /** Left out for a drill. */
    procedure?: Exclude<ProcedureName, 'drill'>;
    drill: string;
    seed: number;
    muster: string;
    originMonotonicMs: number;
    scenarioFile: string;
    strategyFile: string;
    scenario: Scenario;
    strategy: Strategy;
    host: Record<string, string>;
  };
  'phase.begun': { phase: Phase };
  'phase.ended': { phase: Phase; ok: boolean; error?: string };
  'stack.up': { project: string; images: ImageRecord[] };
  /**
   * `shares`: other components, in whose service a volume of its data is mounted, too. `forgets`: with its
   * process may go what it has acknowledged.
   */
  'component.attached': {
    component: string;
    driver: string;
    service: string;
    server: string;
    shares?: string[];
    forgets?: true;
  };
  'load.begun': {
    load: string;
    index: number;
    target: string;
    kind: 'data' | 'visits';
    ratePerSecond: number;
    neverReturn: boolean;
    volatile: boolean;
    /** What reading it back cannot show, whatever is there. */
    blindTo?: Blind[];
  };
  'load.ended': { load: string; index: number; operations: number };
  'sustained.begun': SustainedBegun;
  'sustained.ended': SustainedEnded;
  'ledger.chunk': { offset: number; bytes: number; sha256: string };
  'backup.durable': {
    id: string;
    backup: string;
    point: string;
    consistentAtMs: number;
    /** Of what was stored of it: another one is not this recovery point. */
    digest: string;
    copies: string[];
    /** `external`: kept by its method; the stores hold a reference, and nothing of it was stored by us. */
    payload: RecoveryPoint['payload']['kind'];
    plainBytes: number;
    storedBytes: number | null;
    position: Record<string, string>;
  };
  'backup.failed': { id: string; backup: string; point: string; error: string; cutOff?: CutOff };
  /** `points`: what is to be removed; from here on none of them can be restored. */
  'prune.begun': { id: string; backup: string; points: string[] };
  'prune.ended': {
    id: string;
    backup: string;
    removed: string[];
    completed: string[];
    spared: string | null;
    kept: number;
    objects: number;
    bytes: number;
    versionsStayIn: string[];
  };
  'prune.failed': { id: string; backup: string; error: string };
  'log.durable': {
    backup: string;
    segment: number;
    file: string;
    offset: number;
    bytes: number;
    readAtMs: number;
  };
  /**
   * What a restore took; `drill` made it. `external`: it was there before this one, and the step asked
   * for such a point. `takenAt`, and `durableAt` of its payload: UTC, by the clock of the drill that made
   * it; an earlier Muster left them out.
   */
  'point.fetched': OfStep & {
    backup: string;
    point: string;
    takenAt?: string;
    durableAt?: string;
    store: string;
    drill: string;
    digest: string;
    provenance: Provenance;
  };
  'log.fetched': OfStep & { backup: string; store: string; drill: string; lastSegment: number };
  /** A store could not give what a step asked it for. `point`: which one, where that was known. */
  'copy.refused': OfStep & { backup: string; store: string; point: string | null; error: string };
  /** `unread`: it was ended before all was read that its source had written, and could have given. */
  'log.broken': { backup: string; error: string; unread?: true };
  /** It is followed no more. `lastSegment`: 0 where nothing of it became durable. */
  'log.ended': { backup: string; lastSegment: number; broken: boolean };
  /**
   * `on`: what the target is; a component where it is left out. `underWay`: changes of clients to records
   * that were there, begun before theirs were held, and not ended by now; left out where none are held.
   */
  'fault.begun': {
    id: string;
    fault: string;
    target: string;
    params: Json;
    /** Left out for a component. `service`: one of the stack that no component stands for. */
    on?: 'store' | 'region' | 'service';
    /** It takes something from every store, whichever it names. */
    everyStore?: true;
    /** Those that are in the region, or that live in the service. */
    components?: string[];
    beforehand?: true;
    underWay?: number;
    /** Only a restore brings back what it takes; `all`: whatever the target held. */
    losesData?: true | 'all';
  };
  /** `asks`: whether its effect is still there is asked when the recovery is over. */
  'fault.injected': { id: string; fault: string; target: string; facts: Json; asks?: true };
  'fault.witnessed': { id: string; fault: string; target: string; proof: string; facts: Json };
  'fault.unwitnessed': { id: string; fault: string; target: string; waitedMs: number };
  'fault.failed': { id: string; fault: string; target: string; error: string };
  /**
   * A fault of one way in: the port of the target's service that clients would come by, and the components
   * whose clients do, as the strategy has it.
   */
  'fault.route': { id: string; fault: string; target: string; port: number; usedBy: string[] };
  /**
   * When the recovery was over. `there` null: it could not be seen, and `proof` says why. `staysAway`: the
   * scenario leaves the target away by intent.
   */
  'fault.asked-again': {
    id: string;
    fault: string;
    target: string;
    there: boolean | null;
    proof: string;
    staysAway: boolean;
  };
  /** `of`: the fault that took it away. */
  'region.lost': {
    of: string;
    region: string;
    how: 'dead' | 'blackhole';
    services: string[];
    stores: string[];
  };
  /**
   * What reached for the region while it was lost. `error`: why that is not known; then `attempts` is empty.
   */
  'region.connections': { region: string; error?: string } & RegionReached;
  'region.returned': { region: string };
  /** `of`: the fault that it undoes. */
  'undo.begun': { id: string; of: string; undo: string };
  'undo.ended': { id: string; undo: string; ok: boolean; healed: boolean | null; error?: string };
  detected: { by: 'client' | 'probe'; detail: string };
  undetected: { waitedMs: number };
  'recovery.begun': { automatic: boolean };
  'recovery.ended': { ok: boolean; error?: string };
  'step.begun': RunningStep & { title: string };
  'step.ended': RunningStep & { title: string; ok: boolean; facts: Json; error?: string };
  'stage.begun': OfStep & { id: string; stage: Stage; what: string };
  'stage.ended': OfStep & { id: string; stage: Stage; what: string; ok: boolean };
  /** `oneOff`: in a container of its own. */
  'command.begun': RunningCommand & { command: string[]; in: string; oneOff?: true };
  /** `exitCode` null: by a signal, or it never ran. */
  'command.ended': RunningCommand & { exitCode: number | null; inTime: boolean; tookMs: number };
  /**
   * A file of the bundle, as it was when it was written. `of`: the id of what it belongs to. Secrets are
   * masked.
   */
  'attachment.saved': { of: string; what: string; file: string; bytes: number; sha256: string };
  /** `again`: 2 where it was said once before, and since then was away or acted on; 3 after that. */
  ready: { component: string; again?: number };
  /** `calmSinceMs`, since the origin: from then on every load had nothing but right answers. */
  'observation.ended': { settled: boolean; calmSinceMs?: number };
  'readback.ended': { load: string; index: number; complete: boolean; records: number; error?: string };
  'check.baseline': { check: string; facts: Json };
  /** What the check saw right before the first fault. */
  'check.justBefore': { check: string; facts: Json };
  /** A check that was made by default has nothing to say, or nothing that counts; `detail` is what it saw. */
  'check.silent': { check: string; detail: string };
  'check.ended': { check: string; component: string | null; verdict: Verdict; detail: string; facts: Json };
  /**
   * Whether what was broken, and what ran before the fault, is there at the end. `detail`: in words, what was
   * seen. `staysAway`: the scenario says so, or it lies in a region that was lost and never given back; then
   * it may be missing. `stood` false: it did not stand before the fault, and may be missing as well.
   */
  asked: {
    of: string;
    kind: 'component' | 'service';
    ready: boolean;
    detail: string;
    staysAway: boolean;
    stood?: false;
  };
  /** A restore took what no real site has ready: that it did counts, whatever becomes of the restore. */
  'restore.beganWith': BegunWith;
  note: { text: string };
  'stack.down': { ok: boolean; error?: string };
  /** `trouble`: of an aborted drill, what kind; it decides the exit code, then and when judged again. */
  'drill.ended': { outcome: DrillOutcome; error?: string; trouble?: Trouble };
}
/**
 * A backup that a fault met when all of it was written, at `completeAtMs`, and only committing it was left:
 * it did not hang. `by`: that fault.
 */
export interface CutOff {
  by: string;
  completeAtMs: number;
}
/** `completed`: judged as it stands. Otherwise it did not run to its end, and says why. */
export type DrillOutcome = 'completed' | 'refused' | 'aborted' | 'interrupted';
export type EventType = keyof EventData;

export type TimelineEvent<T extends EventType = EventType> = {
  [K in T]: {
    seq: number;
    atMs: number;
    utc: string;
    type: K;
    data: EventData[K];
    prev: string;
    hash: string;
  };
}[T];

/** Events of the given types, in order. */
export const eventsOf = <T extends EventType>(
  events: readonly TimelineEvent[],
  ...types: T[]
): TimelineEvent<T>[] =>
  events.filter((event) => (types as EventType[]).includes(event.type)) as unknown as TimelineEvent<T>[];

export const firstOf = <T extends EventType>(
  events: readonly TimelineEvent[],
  type: T,
): TimelineEvent<T> | null => eventsOf(events, type)[0] ?? null;
export const lastOf = <T extends EventType>(
  events: readonly TimelineEvent[],
  type: T,
): TimelineEvent<T> | null => eventsOf(events, type).at(-1) ?? null;
