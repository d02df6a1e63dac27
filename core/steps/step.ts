import type { z } from 'zod';
import type { Until } from '../until.ts';

/**
 * What a kind of recovery step is to whoever reads a scenario, a report or a timeline. How it is planned and
 * carried out, the engine says.
 */
export interface StepKind<Schema extends z.ZodType = z.ZodType> {
  /** It has the kind's own name as a key. */
  schema: Schema;
  /** In words, as the timeline and reports name it. */
  title(step: z.output<Schema>): string;
  /** The component whose data it puts back. */
  restores?(step: z.output<Schema>): string;
  /** The recovery point that it puts back. */
  takesPoint?(step: z.output<Schema>): PointTaken;
  /** The log that it replays on what a step before it restored. */
  takesLog?(step: z.output<Schema>): LogTaken;
  /** The component whose backups of other tools it restores. */
  takesExisting?(step: z.output<Schema>): string;
  /** Where it does what nobody can know: a service, or `host`. */
  runsIn?(step: z.output<Schema>): string;
  /** The action that it has a component do, with what; `of` is left out where only one can be meant. */
  does?(step: z.output<Schema>): ActionDone;
  /** What each one that ended well has left on the timeline. */
  leaves?: Trace;
}

export interface ActionDone {
  action: string;
  of: string | undefined;
  given: Record<string, unknown>;
}

/** `from`: stores, in the order in which they are tried. `existing`: it was there before the drill. */
export interface PointTaken {
  component: string;
  from: readonly string[];
  /** Null where the step does not say which: the component has one. */
  backup: string | null;
  /** `newest`: even one that may hold the damage. */
  which: 'before-fault' | 'newest';
  existing: boolean;
}

/** `backup` is `component.backup`; `from` a store. */
export interface LogTaken {
  component: string;
  backup: string;
  from: string;
  until: Until;
}

/** Exactly one event of that type, while the step was under way. */
export interface Trace {
  event: 'point.fetched' | 'log.fetched' | 'command.ended' | 'existing.restored';
  /** In words, of a step without it. */
  lacking: string;
  /** What such an event says of work that failed, in words; null of what ended well. */
  failed?(data: object): string | null;
}
