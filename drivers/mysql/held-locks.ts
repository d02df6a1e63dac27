import { serverSchemas } from './config.ts';
import { readable, type Unread } from './inventory-reading.ts';
import type { MysqlSite } from './site.ts';
import { withSession, type Session } from './session.ts';

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

/**
 * Tables locked by LOCK TABLES or by a definition that never ends, and the whole server by FLUSH TABLES WITH
 * READ LOCK or LOCK INSTANCE FOR BACKUP. A transaction that only reads or writes a table holds another kind.
 */
const metadataLocks = `
  SELECT DISTINCT CONCAT(m.lock_type, ' lock on ', IF(m.object_type = 'TABLE', CONCAT(m.object_schema, '.', m.object_name), m.object_type)) AS what,
         CONCAT('session ', t.processlist_id, ' of ', t.processlist_user, '@', IFNULL(t.processlist_host, '')) AS \`by\`,
         CONCAT(t.processlist_id, '/', IFNULL(m.owner_event_id, 0)) AS held
    FROM performance_schema.metadata_locks m JOIN performance_schema.threads t ON t.thread_id = m.owner_thread_id
   WHERE m.lock_status = 'GRANTED' AND t.processlist_id <> CONNECTION_ID()
     AND ((m.object_type = 'TABLE' AND m.object_schema NOT IN (?)
           AND m.lock_type IN ('SHARED_READ_ONLY', 'SHARED_NO_WRITE', 'SHARED_NO_READ_WRITE', 'EXCLUSIVE'))
       OR (m.object_type IN ('GLOBAL', 'COMMIT', 'BACKUP LOCK') AND m.lock_type = 'SHARED' AND m.lock_duration = 'EXPLICIT'))`;

/** Rows of transactions that are open, of no session where one was prepared for two phases and left. */
const rowLocks = `
  SELECT DISTINCT CONCAT('locked rows of ', l.object_schema, '.', l.object_name) AS what,
         IF(x.trx_mysql_thread_id = 0, 'a transaction of no session, as XA PREPARE leaves it',
            CONCAT('an open transaction of session ', x.trx_mysql_thread_id, ' of ', IFNULL(t.processlist_user, '?'))) AS \`by\`,
         CONCAT(x.trx_mysql_thread_id, '/', x.trx_started) AS held
    FROM information_schema.innodb_trx x
    JOIN performance_schema.data_locks l ON l.engine_transaction_id = x.trx_id
    LEFT JOIN performance_schema.threads t ON t.processlist_id = x.trx_mysql_thread_id
   WHERE x.trx_mysql_thread_id <> CONNECTION_ID() AND x.trx_state <> 'ROLLING BACK'
     AND l.lock_status = 'GRANTED' AND l.lock_mode <> 'IS' AND l.object_schema NOT IN (?)`;

const locksOfOthers = 'locks of others';

async function heldNow({ rows }: Session, without: string[], unread: Unread): Promise<Held[]> {
  const found = await readable(unread, locksOfOthers, async () => {
    const tables = await rows<Held>(metadataLocks, [without]);
    return [...tables, ...(await rows<Held>(rowLocks, [without]))];
  });
  return found ?? [];
}

/**
 * In words without the holder: what is held now. An application may hold a lock for ever, as its leader does.
 */
export async function readHeld(session: Session, without: string[]): Promise<string[]> {
  const held = await heldNow(session, without, new Set());
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
    let stay = (await heldNow(session, without, unread)).filter(({ what }) => !before.includes(what));
    while (stay.length > 0 && site.clock.nowMs() < untilMs) {
      await site.clock.sleep(lookEveryMs);
      const now = new Set((await heldNow(session, without, unread)).map(key));
      stay = stay.filter((one) => now.has(key(one)));
    }
    return stay.map(
      ({ what, by }) =>
        `${what}, held by ${by} for ${patienceMs / 1000} s and still: whoever writes there waits`,
    );
  });
