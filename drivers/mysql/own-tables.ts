import { partsOf, type TableName } from '../sql/tables.ts';
import { ownDatabase, serverSchemas } from './config.ts';
import type { MysqlSite } from './site.ts';

type Named = Pick<TableName, 'schema' | 'table'>;
type Own = Pick<MysqlSite, 'config'>;

/** Begins the names of Muster's tables in a database of an application. */
export const ownPrefix = 'muster_';

/** Schemas in which nothing is an application's; a database that the strategy names is one. */
export const ownSchemas = ({ config }: Own): string[] =>
  config.database === ownDatabase ? [...serverSchemas, ownDatabase] : [...serverSchemas];

/** Whether a table is Muster's: in its own database all are, in one of an application those of its prefix. */
export const isOwnTable = ({ config }: Own, { schema, table }: Named): boolean =>
  schema === config.database && (schema === ownDatabase || table.startsWith(ownPrefix));

/** The same of `schema.table`. */
export function isOwnName(site: Own, name: string): boolean {
  const { schema, table } = partsOf(name);
  return schema !== null && isOwnTable(site, { schema, table });
}

/** Those of what is kept by `schema.table` that are an application's. */
export const withoutOwn = <Item>(site: Own, items: Record<string, Item>): Record<string, Item> =>
  Object.fromEntries(Object.entries(items).filter(([name]) => !isOwnName(site, name)));
