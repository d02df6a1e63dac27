import type { ActiveFault } from '../../core/active-fault.ts';
import { isChosen, type Choice } from '../sql/chosen-rows.ts';
import { changedCharacters, corruptRows as corrupt } from '../sql/corrupt-rows.ts';
import { chooseRows } from './delete-rows.ts';
import { quoted, sqlServer, type Session, type PostgresSite } from './server.ts';
import { findTable } from './tables.ts';
import { waitForLocks } from './wait-for-locks.ts';

export function corruptRows(site: PostgresSite, spec: Choice & { column: string }): Promise<ActiveFault> {
  const column = quoted(spec.column);
  return corrupt(sqlServer(site), spec, {
    column: { quoted: column, digest: `encode(sha256(convert_to(${column}, 'UTF8')), 'hex')` },
    fitting: (session) => fittingColumns(session, spec.table),
    choose: (session) => chooseRows(session, spec),
    change: async (session, chosen) => {
      await session.rows(waitForLocks);
      const length = `char_length(${column})`;
      const last = `least(${changedCharacters}, ${length})`;
      const [row] = await session.rows<{ changed: string }>(
        `WITH spoilt AS (UPDATE ${chosen.table.quoted} SET ${column} = overlay(${column} PLACING left(${chosen.digest}, ${last}) FROM ${length} - ${last} + 1)
           WHERE ${isChosen(chosen)} AND ${length} > 0 RETURNING 1) SELECT count(*) AS changed FROM spoilt`,
      );
      return { changed: Number(row!.changed), facts: {} };
    },
  });
}

async function fittingColumns(session: Session, name: string) {
  const table = await findTable(session, name);
  const columns = await session.rows<{ name: string }>(
    `SELECT a.attname AS name FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
      WHERE a.attrelid = $1 AND a.attnum > 0 AND NOT a.attisdropped AND t.typname IN ('text', 'varchar') AND a.attgenerated = ''
        AND NOT EXISTS (SELECT FROM pg_index i WHERE i.indrelid = a.attrelid AND a.attnum = ANY (i.indkey))
        AND NOT EXISTS (SELECT FROM pg_constraint c WHERE c.conrelid = a.attrelid AND c.contype <> 'n' AND a.attnum = ANY (c.conkey))
      ORDER BY a.attnum`,
    [table.oid],
  );
  return {
    table,
    columns: columns.map((one) => one.name),
    wanted: 'a text column without an index or a constraint',
  };
}
