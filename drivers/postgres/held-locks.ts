import { readDatabases } from './cluster.ts';
import { withSession, type Session, type PostgresSite } from './server.ts';
import { serverSchema } from './tables.ts';

/** A lock that keeps clients from writing. `key`: the same for as long as it is held. */
interface Held {
  what: string;
  by: string;
  key: string;
}

/**
 * Longer than an application's transaction takes; whoever waits for a lock so long has given up the visitor.
 */
const patienceMs = 10_000;
const lookEveryMs = 500;

/**
 * Locks on tables that others wait for (PostgreSQL's manual, 13.3.1): those that LOCK TABLE or a change of a
 * definition takes, and by which a transaction shows that it may have locked rows. Reading takes none of
 * them, the server's own cleaning neither. A transaction that was prepared and left is of no session.
 */
const locks = `
  SELECT DISTINCT l.mode || ' on ' || n.nspname || '.' || c.relname AS what,
         CASE WHEN l.pid IS NULL THEN 'a transaction of no session, as PREPARE TRANSACTION leaves it'
              ELSE 'session ' || l.pid || ' of ' || coalesce(a.usename, '?') || coalesce(' (' || a.state || ')', '') END AS by,
         coalesce(l.pid, 0) || '/' || l.virtualtransaction AS key
    FROM pg_locks l JOIN pg_class c ON c.oid = l.relation JOIN pg_namespace n ON n.oid = c.relnamespace
    LEFT JOIN pg_stat_activity a ON a.pid = l.pid
   WHERE l.locktype = 'relation' AND l.granted AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
     AND l.mode IN ('RowShareLock', 'RowExclusiveLock', 'ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')
     AND c.relkind IN ('r', 'p', 'm') AND l.pid IS DISTINCT FROM pg_backend_pid() AND coalesce(a.backend_type, '') <> 'autovacuum worker'
     AND NOT ${serverSchema('n.nspname')} AND n.nspname <> $1
   ORDER BY 1`;

async function heldNow(site: PostgresSite): Promise<Held[]> {
  const { open } = await withSession(site, readDatabases);
  const held: Held[] = [];
  for (const database of open) {
    const ask = ({ rows }: Session): Promise<Held[]> => rows<Held>(locks, [site.config.schema]);
    const found = await withSession(site, ask, { database });
    const inside = database === site.database ? '' : ` in ${database}`;
    held.push(...found.map((one) => ({ ...one, what: `${one.what}${inside}` })));
  }
  return held;
}

/**
 * In words without the holder: what is held now. An application may hold a lock for ever, as its leader does.
 */
export const readHeld = async (site: PostgresSite): Promise<string[]> => [
  ...new Set((await heldNow(site)).map(({ what }) => what)),
];

/**
 * In words: locks that were held during the whole of the look, which lasts as long as one is and `patienceMs`
 * at most, and that are not among `before`. Rejects with the server's errors.
 */
export async function locksThatStay(site: PostgresSite, before: readonly string[]): Promise<string[]> {
  const keyOf = ({ what, key }: Held): string => `${what}/${key}`;
  const untilMs = site.clock.nowMs() + patienceMs;
  let stay = (await heldNow(site)).filter(({ what }) => !before.includes(what));
  while (stay.length > 0 && site.clock.nowMs() < untilMs) {
    await site.clock.sleep(lookEveryMs);
    const now = new Set((await heldNow(site)).map(keyOf));
    stay = stay.filter((one) => now.has(keyOf(one)));
  }
  return stay.map(
    ({ what, by }) =>
      `${what}, held by ${by} for ${patienceMs / 1000} s and still: whoever writes there waits`,
  );
}
