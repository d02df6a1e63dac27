import { partsOf, theOnly, type TableName as AnyTableName } from '../sql/tables.ts';
import { quoted, type Session } from './server.ts';

export interface TableName extends AnyTableName {
  /** The server's own number of it: stays when its file is another. */
  oid: string;
}

/** Schemas that belong to the server itself. */
export const serverSchema = (column: string): string =>
  `(${column} IN ('pg_catalog', 'information_schema', 'pg_toast') OR ${column} LIKE 'pg\\_temp\\_%' OR ${column} LIKE 'pg\\_toast\\_temp\\_%')`;

/**
 * `schema.table`, or a bare name where only one schema has it. Input error otherwise, naming what there is.
 */
export async function findTable({ rows }: Session, name: string): Promise<TableName> {
  const { schema, table } = partsOf(name);
  const found = await rows<{ s: string; t: string; oid: string }>(
    `SELECT n.nspname AS s, c.relname AS t, c.oid AS oid FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE c.relkind IN ('r', 'p') AND NOT ${serverSchema('n.nspname')} AND c.relname = $1 AND ($2::text IS NULL OR n.nspname = $2)`,
    [table, schema],
  );
  const { s, t, oid } = theOnly(found, name);
  return { schema: s, table: t, quoted: `${quoted(s)}.${quoted(t)}`, oid };
}
