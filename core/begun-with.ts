/**
 * What a restore began with that no real site would have ready: `madeInMs` is held against the objective as
 * well.
 */
export interface BegunWith {
  /** Component whose restore it was. */
  of: string;
  /** `an empty data folder`. */
  what: string;
  /** SHA-256 of what was taken, looked at after it was taken. */
  sha256: string;
  /** When it was made, and how long that took then. */
  madeAt: string;
  madeInMs: number;
  /** How that was measured. */
  timedBy: string;
}
