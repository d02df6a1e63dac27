/** When clients were right again. `null` figures come with the reason why. */
export interface RecoveryTime {
  rtaMs: number | null;
  correctMs: number | null;
  impactMs: number | null;
  resolutionMs: number | null;
  /** Why there is no RTA; null when there is one. */
  reason: string | null;
  /**
   * Seen through to the end of the observation, and never right: that is a failure, not a gap in what we
   * know.
   */
  neverRight: boolean;
}
