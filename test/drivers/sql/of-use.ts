/**
 * Nothing is lost, and yet the application may be unable to work. `statements` run in a session of their own,
 * which stays open: after the fault, or with `before: held` before it. `red`: what the inventory says of it;
 * null where it must be silent.
 */
export interface OfUse {
  name: string;
  statements: string[];
  before?: 'held';
  red: RegExp | null;
}

/** Ended as soon as the check has seen it. */
export const brief = 'a transaction is under way when the inventory is taken, and ends';
