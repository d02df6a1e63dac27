import { inputError } from '../../core/errors.ts';
import { serverSchemas } from './config.ts';
import { quoted, type Session } from './session.ts';

export interface TableName {
  schema: string;
  table: string;
  quoted: string;
}

/**
 * `schema.table`, or a bare name where only one schema has it. Input error otherwise, naming what there is.
 */
export async function findTable({ rows }: Session, name: string): Promise<TableName> {
  const dot = name.indexOf('.');
  const [schema, table] = dot < 0 ? [null, name] : [name.slice(0, dot), name.slice(dot + 1)];
  const found = await rows<{ s: string; t: string }>(
    "SELECT table_schema AS s, table_name AS t FROM information_schema.tables WHERE table_type IN ('BASE TABLE', 'SYSTEM VERSIONED') AND table_schema NOT IN (?) AND table_name = ? AND (? IS NULL OR table_schema = ?)",
    [serverSchemas, table, schema, schema],
  );
  if (found.length === 1)
    return {
      schema: found[0]!.s,
      table: found[0]!.t,
      quoted: `${quoted(found[0]!.s)}.${quoted(found[0]!.t)}`,
    };
  throw inputError(found.length === 0 ? 'no such table' : 'the name of more than one table', {
    found: found.length === 0 ? name : found.map(({ s, t }) => `${s}.${t}`).join(', '),
    expected: 'schema.table',
  });
}
