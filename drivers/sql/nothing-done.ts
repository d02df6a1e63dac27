import type { ActiveFault } from '../../core/active-fault.ts';
import { environmentError } from '../../core/errors.ts';
import { nothingToUndo } from '../undone.ts';
import type { Queries, SqlServer } from './server.ts';

/** What changed nothing, as there was nothing to change: no witness can see it, and says why. */
export const nothingDone = <Session extends Queries>(
  server: SqlServer<Session>,
  fault: string,
  table: string,
  why: string,
): ActiveFault => ({
  facts: { table, ...server.factsOfNothing, changed: 0 },
  witness: () => Promise.reject(environmentError(why)),
  undo: nothingToUndo(server, fault),
});
