import { partsOf, theOnly, type TableName } from '../sql/tables.ts';
import { serverSchemas } from './config.ts';
import { quoted, type Session } from './session.ts';

/**
 * `schema.table`, or a bare name where only one schema has it. Input error otherwise, naming what there is.
 */
export async function findTable({ rows }: Session, name: string): Promise<TableName> {
  const { schema, table } = partsOf(name);
  const found = await rows<{ s: string; t: string }>(
    "SELECT table_schema AS s, table_name AS t FROM information_schema.tables WHERE table_type IN ('BASE TABLE', 'SYSTEM VERSIONED') AND table_schema NOT IN (?) AND table_name = ? AND (? IS NULL OR table_schema = ?)",
    [serverSchemas, table, schema, schema],
  );
  const { s, t } = theOnly(found, name);
  return { schema: s, table: t, quoted: `${quoted(s)}.${quoted(t)}` };
}
