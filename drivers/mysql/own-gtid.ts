import type { ResultSetHeader } from 'mysql2';
import type { MysqlSite } from './site.ts';
import type { Session } from './session.ts';

/** Has the session told of the GTID of its next transaction, or of its text in the log as well. */
export async function announce(
  { product }: Pick<MysqlSite, 'product'>,
  { rows }: Session,
  text: 'with its text' | 'only' = 'only',
): Promise<void> {
  const { announce: settings } = product;
  if (settings.gtid !== null) await rows(settings.gtid);
  if (text === 'with its text') await rows(settings.text);
}

/**
 * The GTID of a session's own transaction, once it was announced: asked for, or from the answer, where mysql2
 * passes session tracking on without declaring it. Null where the server has no GTIDs.
 */
export async function ownGtid(
  { product }: Pick<MysqlSite, 'product'>,
  { rows }: Session,
  result: ResultSetHeader,
): Promise<string | null> {
  if (product.lastGtid !== null)
    return (await rows<{ gtid: string | null }>(product.lastGtid))[0]!.gtid || null;
  return (result as { stateChanges?: { gtids?: string[] } }).stateChanges?.gtids?.[0] ?? null;
}
