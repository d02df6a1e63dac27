import { InputErrors, MusterError, type MusterErrorOptions, type Trouble } from '../core/errors.ts';
import type { Progress } from '../core/progress.ts';
import type { Plan } from '../engine/plan.ts';
import type { DrillFlags } from './one-drill.ts';

/** What a process of its own needs to carry out one drill. */
export interface Job {
  file: string;
  /** Which of the drills that the file asks for: one, or one for each moment of its sweep. */
  drill: number;
  /** What was planned, as text. */
  planned: string;
  flags: DrillFlags;
}

export type ToDrill = { kind: 'drill'; job: Job } | { kind: 'interrupt'; error: Told };
export type FromDrill =
  | { kind: 'progress'; progress: Progress }
  | { kind: 'ran'; folder: string; code: number; error: Told | null; kept: string | null }
  | { kind: 'failed'; error: Told };

/** An error on its way between processes. */
export interface Told {
  trouble: Trouble;
  message: string;
  options: MusterErrorOptions;
  all: Told[] | null;
  stack: string | undefined;
}

export function tellOf(error: unknown): Told {
  if (!(error instanceof MusterError))
    return {
      trouble: 'internal',
      message: error instanceof Error ? error.message : String(error),
      options: {},
      all: null,
      stack: error instanceof Error ? error.stack : undefined,
    };
  const { trouble, message, at, found, expected, hint, cause, stack } = error;
  return {
    trouble,
    message,
    options: { at, found, expected, hint, cause: cause === undefined ? undefined : errorOf(tellOf(cause)) },
    all: error instanceof InputErrors ? error.all.map(tellOf) : null,
    stack,
  };
}

export function errorOf({ trouble, message, options, all, stack }: Told): MusterError {
  const error = all ? new InputErrors(all.map(errorOf)) : new MusterError(trouble, message, options);
  if (stack !== undefined) error.stack = stack;
  return error;
}

/** What a plan asks for, to tell whether a file says the same when it is read again. */
export const plannedText = ({ scenario, strategy }: Plan): string => JSON.stringify([scenario, strategy]);
