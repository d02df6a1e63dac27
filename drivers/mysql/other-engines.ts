import { serverSchemas } from './config.ts';
import type { Session, Site } from './server.ts';

/** A table that is not InnoDB's: no snapshot holds for it. */
export interface OtherTable { name: string; engine: string }

export const tablesWithoutSnapshot = ({ rows }: Session): Promise<OtherTable[]> =>
  rows<OtherTable>(
    `SELECT CONCAT(table_schema, '.', table_name) AS name, engine AS engine FROM information_schema.tables
      WHERE table_type = 'BASE TABLE' AND engine <> 'InnoDB' AND table_schema NOT IN (?) ORDER BY 1`,
    [serverSchemas],
  );

/** What a dump cannot give of them: in words, each table with its engine. */
export function limitsOf(tables: readonly OtherTable[]): string[] {
  const list = (chosen: readonly OtherTable[]): string => chosen.map(({ name, engine }) => `${name} (${engine})`).join(', ');
  const inMemory = tables.filter(({ engine }) => engine === 'MEMORY');
  const others = tables.filter(({ engine }) => engine !== 'MEMORY');
  return [
    ...(others.length > 0 ? [`no snapshot covers ${list(others)}: what changes during the dump is of another moment than the rest`] : []),
    ...(inMemory.length > 0 ? [`${list(inMemory)}: the rows are in the dump, and gone with the first start of a restored server`] : []),
  ];
}

/** Says it once of each table, not with every backup. */
export function noteTables(site: Site, tables: readonly OtherTable[]): void {
  site.noted ??= new Set();
  const unsaid = tables.filter(({ name }) => !site.noted!.has(name));
  for (const { name } of unsaid) site.noted.add(name);
  for (const text of limitsOf(unsaid)) site.note(`${site.component}: ${text}`);
}
