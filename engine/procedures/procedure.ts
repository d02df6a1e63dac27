import type { Phase } from '../phases/phase.ts';

/** What is carried out: its phases, in order. What was started is healed and taken down after any. */
export interface Procedure {
  phases: readonly Phase[];
}
