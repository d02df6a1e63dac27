import { partsOf, type TableName } from '../sql/tables.ts';
import { ownDatabase, serverSchemas } from './config.ts';
import type { MysqlSite } from './site.ts';

type Named = Pick<TableName, 'schema' | 'table'>;
type Own = Pick<MysqlSite, 'config'>;

/** Begins the names of Muster's tables in a database of an application. */
export const ownPrefix = 'muster_';

/** All that Muster ever makes there; any other name with its prefix is the application's. */
const ownNames = new RegExp(`^${ownPrefix}(?:ledger|attempt)_`);
/** The same in a database of its own. */
const namesInOwn = new RegExp(`^(?:ledger_|${ownPrefix}attempt_)`);

/** Schemas in which nothing is an application's; a database that the strategy names is one. */
export const ownSchemas = ({ config }: Own): string[] =>
  config.database === ownDatabase ? [...serverSchemas, ownDatabase] : [...serverSchemas];

/** Whether a table is Muster's: in its own database all are, in one of an application those of its names. */
export const isOwnTable = ({ config }: Own, { schema, table }: Named): boolean =>
  schema === config.database && (schema === ownDatabase || ownNames.test(table));

/** Whether a table in the database that is left out as Muster's own is an application's all the same. */
export const isStranger = ({ config }: Own, { schema, table }: Named): boolean =>
  schema === ownDatabase && schema === config.database && !namesInOwn.test(table);

/** The same of `schema.table`. */
export function isOwnName(site: Own, name: string): boolean {
  const { schema, table } = partsOf(name);
  return schema !== null && isOwnTable(site, { schema, table });
}

/** Those of what is kept by `schema.table` that are an application's. */
export const withoutOwn = <Item>(site: Own, items: Record<string, Item>): Record<string, Item> =>
  Object.fromEntries(Object.entries(items).filter(([name]) => !isOwnName(site, name)));
