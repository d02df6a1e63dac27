import { inputError } from '../../core/errors.ts';

/** `quoted`: as SQL takes it. */
export interface TableName {
  schema: string;
  table: string;
  quoted: string;
}

export const labelOf = ({ schema, table }: Pick<TableName, 'schema' | 'table'>): string =>
  `${schema}.${table}`;

/** `schema.table`, or a bare name: then without a schema. */
export function partsOf(name: string): { schema: string | null; table: string } {
  const dot = name.indexOf('.');
  return dot < 0 ? { schema: null, table: name } : { schema: name.slice(0, dot), table: name.slice(dot + 1) };
}

/** The one table that was found by a name. Input error where there is none, or more than one. */
export function theOnly<Found extends { s: string; t: string }>(
  found: readonly Found[],
  name: string,
): Found {
  if (found.length === 1) return found[0]!;
  throw inputError(found.length === 0 ? 'no such table' : 'the name of more than one table', {
    found: found.length === 0 ? name : found.map(({ s, t }) => `${s}.${t}`).join(', '),
    expected: 'schema.table',
  });
}
