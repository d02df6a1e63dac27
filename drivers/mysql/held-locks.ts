import { locksThatStay as thatStay, withoutHolders, type HeldLock } from '../sql/held-locks.ts';
import { readable, type Unread } from './inventory-reading.ts';
import { ownSchemas } from './own-tables.ts';
import type { MysqlSite } from './site.ts';
import type { Product } from './product.ts';
import { quoted, serverCode, withSession, type Session } from './session.ts';

/**
 * The server shows its list of transactions again as it is, to whoever asks within 100 ms of somebody else.
 */
const cachedMs = 200;

const locksOfOthers = 'locks of others';

async function heldNow(
  session: Session,
  { locks, triesLocks }: Product,
  without: string[],
  unread: Unread,
): Promise<HeldLock[]> {
  const found = await readable(unread, locksOfOthers, async () => {
    const all: HeldLock[] = [];
    for (const sql of locks) all.push(...(await session.rows<HeldLock>(sql, [without])));
    return triesLocks ? [...all, ...(await lockedTables(session, without))] : all;
  });
  return found ?? [];
}

/**
 * Tables of which a writer's lock cannot be had at once: asked for as a writer does, and given back. One that
 * another session merely reads or writes gives it.
 */
async function lockedTables({ rows }: Session, without: string[]): Promise<HeldLock[]> {
  const tables = await rows<{ s: string; t: string }>(
    "SELECT table_schema AS s, table_name AS t FROM information_schema.tables WHERE table_type IN ('BASE TABLE', 'SYSTEM VERSIONED') AND table_schema NOT IN (?) ORDER BY s, t",
    [without],
  );
  await rows('SET SESSION lock_wait_timeout = 0');
  const held: HeldLock[] = [];
  for (const { s, t } of tables) {
    const code = await rows(`SELECT 1 FROM ${quoted(s)}.${quoted(t)} LIMIT 0 FOR UPDATE`).then(
      () => null,
      serverCode,
    );
    if (code === 'ER_LOCK_WAIT_TIMEOUT')
      held.push({ what: `table lock on ${s}.${t}`, by: 'another session', held: '' });
  }
  return held;
}

/** In words without the holder: what is held now. */
export const readHeld = async (session: Session, product: Product, without: string[]): Promise<string[]> =>
  withoutHolders(await heldNow(session, product, without, new Set()));

/**
 * In words: locks that stay, and that are not among `before`. What could not be seen is added to `unread`.
 * Rejects with the server's errors.
 */
export const locksThatStay = (
  site: MysqlSite,
  before: readonly string[],
  unread: Unread,
): Promise<string[]> =>
  withSession(site, async (session) => {
    const without = ownSchemas(site);
    await site.clock.sleep(cachedMs);
    return thatStay(site.clock, () => heldNow(session, site.product, without, unread), before);
  });
