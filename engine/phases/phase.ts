import type { Phase as PhaseName } from '../../core/timeline.ts';
import type { SeenRunning } from '../asked.ts';
import type { Before } from '../before.ts';
import type { Drill } from '../drill-context.ts';
import type { Load } from '../load.ts';
import type { Failure } from '../client-watch.ts';
import type { Schedules } from '../schedule.ts';
import type { Sustaining } from '../sustain.ts';

/** What phases hand to each other. */
export interface Handed {
  loads: Load[];
  sustained: Sustaining[];
  loadBegunMs: number;
  schedules: Schedules | null;
  /** What every service was before anything was broken, and which components were ready. */
  before: Before;
  readyBefore: readonly string[];
  /** The first failure of a client since the first injection; never settles before that. */
  failure: Promise<Failure>;
  listening: boolean;
  /** Components that a probe has seen not ready since they were broken. */
  seenAway: Set<string>;
  /** What ran when the recovery was over. */
  seen: SeenRunning;
}

export const nothingHanded = (): Handed => ({
  loads: [],
  sustained: [],
  loadBegunMs: 0,
  schedules: null,
  before: new Map(),
  readyBefore: [],
  failure: new Promise(() => undefined),
  listening: false,
  seenAway: new Set(),
  seen: new Map(),
});

/** A stretch of a procedure. */
export interface Phase {
  name: PhaseName;
  /** Rejects where the procedure cannot go on. */
  run(drill: Drill, handed: Handed): Promise<void>;
  /** It is waited for when the drill is ended: it takes down by itself what it started. */
  endsItself?: true;
  /** What it began, and goes on under the phases that follow, is ended before this one. */
  lastsUntil?: PhaseName;
  /** Ends that, whatever happened. Rejects where nothing that follows would mean anything. */
  end?(drill: Drill, handed: Handed): Promise<void>;
}

/** Carried out whatever happened before, in every procedure. Never rejects; false where something failed. */
export interface Ending {
  name: PhaseName;
  run(drill: Drill): Promise<boolean>;
}
