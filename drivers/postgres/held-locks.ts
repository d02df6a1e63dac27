import { locksThatStay as thatStay, withoutHolders, type HeldLock } from '../sql/held-locks.ts';
import { readDatabases } from './cluster.ts';
import { withSession, type Session, type PostgresSite } from './server.ts';
import { serverSchema } from './tables.ts';

/**
 * Locks on tables that others wait for (PostgreSQL's manual, 13.3.1): those that LOCK TABLE or a change of a
 * definition takes, and by which a transaction shows that it may have locked rows. Reading takes none of
 * them, the server's own cleaning neither. A transaction that was prepared and left is of no session.
 */
const locks = `
  SELECT DISTINCT l.mode || ' on ' || n.nspname || '.' || c.relname AS what,
         CASE WHEN l.pid IS NULL THEN 'a transaction of no session, as PREPARE TRANSACTION leaves it'
              ELSE 'session ' || l.pid || ' of ' || coalesce(a.usename, '?') || coalesce(' (' || a.state || ')', '') END AS by,
         coalesce(l.pid, 0) || '/' || l.virtualtransaction AS held
    FROM pg_locks l JOIN pg_class c ON c.oid = l.relation JOIN pg_namespace n ON n.oid = c.relnamespace
    LEFT JOIN pg_stat_activity a ON a.pid = l.pid
   WHERE l.locktype = 'relation' AND l.granted AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
     AND l.mode IN ('RowShareLock', 'RowExclusiveLock', 'ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')
     AND c.relkind IN ('r', 'p', 'm') AND l.pid IS DISTINCT FROM pg_backend_pid() AND coalesce(a.backend_type, '') <> 'autovacuum worker'
     AND NOT ${serverSchema('n.nspname')} AND n.nspname <> $1
   ORDER BY 1`;

async function heldNow(site: PostgresSite): Promise<HeldLock[]> {
  const { open } = await withSession(site, readDatabases);
  const held: HeldLock[] = [];
  for (const database of open) {
    const ask = ({ rows }: Session): Promise<HeldLock[]> => rows<HeldLock>(locks, [site.config.schema]);
    const found = await withSession(site, ask, { database });
    const inside = database === site.database ? '' : ` in ${database}`;
    held.push(...found.map((one) => ({ ...one, what: `${one.what}${inside}` })));
  }
  return held;
}

/** In words without the holder: what is held now. */
export const readHeld = async (site: PostgresSite): Promise<string[]> => withoutHolders(await heldNow(site));

/** In words: locks that stay, and that are not among `before`. Rejects with the server's errors. */
export const locksThatStay = (site: PostgresSite, before: readonly string[]): Promise<string[]> =>
  thatStay(site.clock, () => heldNow(site), before);
