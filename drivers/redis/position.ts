import { environmentError, inputError } from '../../core/errors.ts';
import type { Server } from './server.ts';

/**
 * Where the server is in its own terms: the replication history and the offset in it. The offset stands still
 * on a server that never had a replica or a backlog; the history changes when a server starts from nothing.
 */
export async function positionOf(server: Server): Promise<Record<string, string>> {
  const info = await server.info('replication');
  const { master_replid: history, master_repl_offset: offset } = info;
  if (!history || offset === undefined)
    throw environmentError('the server does not say where it is in replication', {
      expected: 'master_replid and master_repl_offset in INFO replication',
    });
  return { replid: history, offset };
}

/** `Redis 8.0.2` or `8.0.2` as numbers. */
export function versionOf(text: string): number[] {
  const match = /(\d+)\.(\d+)(?:\.(\d+))?/.exec(text);
  if (!match) throw inputError(`not a version: ${text}`);
  return [Number(match[1]), Number(match[2]), Number(match[3] ?? 0)];
}

const productOf = (server: string): string => server.replace(/ ?\d.*$/, '');

/**
 * An older server does not load what a newer one wrote. Patch releases write alike. Versions of another
 * server of the family say nothing of what is in its files.
 */
export function assertLoadable(writtenBy: string, loadedBy: string): void {
  if (productOf(writtenBy) !== productOf(loadedBy))
    throw environmentError('the backup was written by a server of another kind', {
      found: writtenBy,
      expected: productOf(loadedBy),
      hint: 'Nothing was changed. Restore into a server of that kind.',
    });
  const [major, minor] = versionOf(writtenBy);
  const [ownMajor, ownMinor] = versionOf(loadedBy);
  if (ownMajor! > major! || (ownMajor === major && ownMinor! >= minor!)) return;
  throw environmentError('the backup was written by a newer server', {
    found: writtenBy,
    expected: `${loadedBy} or older`,
    hint: 'Nothing was changed. Restore into a server of that version or a newer one.',
  });
}
