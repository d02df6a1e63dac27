import type { ResultSetHeader } from 'mysql2';

/**
 * The GTID of a session's own transaction, where it asked for it with session_track_gtids: mysql2 passes
 * session tracking on without declaring it. Null where the server has no GTIDs.
 */
export const ownGtid = (result: ResultSetHeader): string | null =>
  (result as { stateChanges?: { gtids?: string[] } }).stateChanges?.gtids?.[0] ?? null;
