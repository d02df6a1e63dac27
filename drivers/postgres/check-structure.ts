import type { Check, CheckOutcome } from '../../core/driver.ts';
import { messageOf } from '../../core/errors.ts';
import { readDatabases } from './cluster.ts';
import { quoted, serverCode, withSession, type Session, type PostgresSite } from './server.ts';
import { serverSchema } from './tables.ts';

const shownFlaws = 5;
/** The first whose `verify_heapam` looks at tables: of older servers indexes alone are looked at. */
const heapsSince = 14;
const schemaOfOurs = 'muster_amcheck';

interface Relation {
  oid: string;
  name: string;
  kind: string;
  own: string;
  /** Whether the table has a page at all. */
  filled: string;
}

interface Looked {
  tables: number;
  indexes: number;
  /** Of these, what the server does not keep for itself, and of that what is of a table with pages. */
  own: number;
  filled: number;
  flaws: string[];
}

const relations = `SELECT c.oid::text AS oid, n.nspname || '.' || c.relname AS name, c.relkind::text AS kind, (NOT ${serverSchema('n.nspname')})::text AS own,
        (pg_relation_size(coalesce(i.indrelid, c.oid)) > 0)::text AS filled
   FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_am a ON a.oid = c.relam LEFT JOIN pg_index i ON i.indexrelid = c.oid
  WHERE c.relpersistence <> 't' AND (c.relkind IN ('r', 'm') AND a.amname = 'heap' OR c.relkind = 'i' AND a.amname = 'btree' AND i.indisvalid AND i.indisready)
  ORDER BY 2`;

/**
 * Whether pages of tables hold together, and whether each B-tree index is in order and has an entry for every
 * row, by the server's own extension `amcheck` (PostgreSQL's manual, F.1). Where a database lacks it, it is
 * made in a transaction that is rolled back. A page of zeros is an empty page to it, and rows that are lost
 * with their index entries are no flaw: that is what `inventory` is for.
 */
export const structureCheck = (site: PostgresSite): Check => ({
  after: async () => {
    const looked: Looked = { tables: 0, indexes: 0, own: 0, filled: 0, flaws: [] };
    try {
      const { open } = await withSession(site, readDatabases);
      for (const database of open)
        await withSession(site, (session) => lookAt(site, session, database, looked), { database });
    } catch (error) {
      return {
        verdict: 'inconclusive',
        detail: `amcheck cannot be used: ${messageOf(error)}`,
        facts: { code: serverCode(error) },
      };
    }
    return judged(looked);
  },
});

function judged({ own, filled, flaws, ...counted }: Looked): CheckOutcome {
  const facts = { ...counted, flaws };
  const of = `${counted.tables} tables and ${counted.indexes} B-tree indexes`;
  if (flaws.length > 0) {
    const more = flaws.length > shownFlaws ? ` (and ${flaws.length - shownFlaws} more)` : '';
    return { verdict: 'fail', detail: `${flaws.slice(0, shownFlaws).join('; ')}${more}, of ${of}`, facts };
  }
  if (own === 0)
    return { verdict: 'inconclusive', detail: `of ${of} all are the server's own`, facts, nothing: true };
  if (filled === 0)
    return {
      verdict: 'inconclusive',
      detail: `of ${of} none but the server's own has a page: definitions without rows were restored, or nothing was ever written`,
      facts,
      nothing: true,
    };
  return { verdict: 'pass', detail: `${of} hold together, and each index has every row`, facts };
}

async function lookAt(site: PostgresSite, session: Session, database: string, looked: Looked): Promise<void> {
  const { rows } = session;
  await rows('BEGIN');
  try {
    const schema = quoted(await schemaOfAmcheck(session));
    for (const relation of await rows<Relation>(relations)) {
      if (relation.kind !== 'i' && site.major < heapsSince) continue;
      if (relation.kind === 'i') looked.indexes += 1;
      else looked.tables += 1;
      if (relation.own === 'true') looked.own += 1;
      if (relation.own === 'true' && relation.filled === 'true') looked.filled += 1;
      const flaw = await flawOf(session, schema, relation);
      if (flaw !== null) looked.flaws.push(`${database}: ${relation.name}: ${flaw}`);
    }
  } finally {
    await rows('ROLLBACK');
  }
}

async function schemaOfAmcheck({ rows }: Session): Promise<string> {
  const [there] = await rows<{ schema: string }>(
    "SELECT n.nspname AS schema FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = 'amcheck'",
  );
  if (there) return there.schema;
  await rows(`CREATE SCHEMA ${schemaOfOurs}`);
  await rows(`CREATE EXTENSION amcheck SCHEMA ${schemaOfOurs}`);
  return schemaOfOurs;
}

/** What the server says against it; null where it holds together. */
async function flawOf({ rows }: Session, schema: string, { oid, kind }: Relation): Promise<string | null> {
  const look =
    kind === 'i'
      ? `SELECT ${schema}.bt_index_check($1::oid, true)`
      : `SELECT concat('block ', blkno, ': ', msg) AS msg FROM ${schema}.verify_heapam($1::oid, true, true)`;
  await rows('SAVEPOINT looked');
  try {
    return (await rows<{ msg?: string }>(look, [oid]))[0]?.msg ?? null;
  } catch (error) {
    if (serverCode(error) === null) throw error;
    return messageOf(error);
  } finally {
    await rows('ROLLBACK TO SAVEPOINT looked');
  }
}
