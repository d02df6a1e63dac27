/** One time that a step runs: each attempt of the recovery runs it anew. */
export interface RunningStep {
  id: string;
  /** Its place among the declared steps, from 0. */
  step: number;
}

/** What a step does: `of` is the id of that time. */
export interface OfStep {
  of: string;
  step: number;
}

/**
 * A command of the user's own. `of`: the backup, or the restore step, that it is run for; left out where it
 * is a step or a check itself.
 */
export interface RunningCommand {
  id: string;
  of?: string;
}
