/**
 * Of a Redis on a read-only root, which nobody can put a start script into; and of one without a restart
 * policy, or without a volume.
 */
export const fences = {
  inBand: 'it takes no writes, is not there again when it ends, and is as before once it is opened',
  outOfBand: 'where it does not answer, the engine stops it',
  lostVolume: 'a lost volume is witnessed, and the snapshot served again',
  ownLayer: 'a restore is refused before anything changes: a helper would write into its own',
} as const;

/** Of a restore whose service is started again by its policy. */
export const starts = {
  endsAgain: 'it ends at every start, and the restore says so with its last lines',
  comesUp: 'it ends at its first two starts, and then serves what was restored',
} as const;
