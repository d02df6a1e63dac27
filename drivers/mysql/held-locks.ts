import { serverSchemas } from './config.ts';
import { readable, type Unread } from './inventory-reading.ts';
import type { MysqlSite } from './site.ts';
import type { Product } from './product.ts';
import { quoted, serverCode, withSession, type Session } from './session.ts';

/**
 * A lock that keeps others from writing. `what`: of which kind, and on what. `held`: the same for as long as
 * it is held.
 */
interface Held {
  what: string;
  by: string;
  held: string;
}

/**
 * Longer than an application's transaction takes; whoever waits for a lock so long has given up the visitor.
 */
const patienceMs = 10_000;
const lookEveryMs = 500;
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
): Promise<Held[]> {
  const found = await readable(unread, locksOfOthers, async () => {
    const all: Held[] = [];
    for (const sql of locks) all.push(...(await session.rows<Held>(sql, [without])));
    return triesLocks ? [...all, ...(await lockedTables(session, without))] : all;
  });
  return found ?? [];
}

/**
 * Tables of which a writer's lock cannot be had at once: asked for as a writer does, and given back. One that
 * another session merely reads or writes gives it.
 */
async function lockedTables({ rows }: Session, without: string[]): Promise<Held[]> {
  const tables = await rows<{ s: string; t: string }>(
    "SELECT table_schema AS s, table_name AS t FROM information_schema.tables WHERE table_type IN ('BASE TABLE', 'SYSTEM VERSIONED') AND table_schema NOT IN (?) ORDER BY s, t",
    [without],
  );
  await rows('SET SESSION lock_wait_timeout = 0');
  const held: Held[] = [];
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

/**
 * In words without the holder: what is held now. An application may hold a lock for ever, as its leader does.
 */
export async function readHeld(session: Session, product: Product, without: string[]): Promise<string[]> {
  const held = await heldNow(session, product, without, new Set());
  return [...new Set(held.map(({ what }) => what))];
}

/**
 * In words: locks that were held during the whole of the look, which lasts as long as one is and `patienceMs`
 * at most, and that are not among `before`. What could not be seen is added to `unread`. Rejects with the
 * server's errors.
 */
export const locksThatStay = (
  site: MysqlSite,
  before: readonly string[],
  unread: Unread,
): Promise<string[]> =>
  withSession(site, async (session) => {
    const without = [...serverSchemas, site.config.database];
    const key = ({ what, held }: Held): string => `${what}/${held}`;
    await site.clock.sleep(cachedMs);
    const untilMs = site.clock.nowMs() + patienceMs;
    let stay = (await heldNow(session, site.product, without, unread)).filter(
      ({ what }) => !before.includes(what),
    );
    while (stay.length > 0 && site.clock.nowMs() < untilMs) {
      await site.clock.sleep(lookEveryMs);
      const now = new Set((await heldNow(session, site.product, without, unread)).map(key));
      stay = stay.filter((one) => now.has(key(one)));
    }
    return stay.map(
      ({ what, by }) =>
        `${what}, held by ${by} for ${patienceMs / 1000} s and still: whoever writes there waits`,
    );
  });
