import { quoted, type Session } from './session.ts';
import type { Settings } from './server-settings.ts';

/**
 * Settings of the source that decide what loads and what is built from it, and that a dump does not carry: a
 * loading server has them as they were. Names that a server does not know are left out.
 */
const formativeSettings = [
  'innodb_page_size',
  'innodb_data_file_path',
  'lower_case_table_names',
  'character_set_server',
  'collation_server',
  'default_collation_for_utf8mb4',
  'explicit_defaults_for_timestamp',
  'default_storage_engine',
  'disabled_storage_engines',
  'innodb_default_row_format',
  'innodb_file_per_table',
  'default_table_encryption',
  'innodb_ft_min_token_size',
  'innodb_ft_max_token_size',
  'innodb_ft_enable_stopword',
  'ngram_token_size',
  'ft_min_word_len',
  'ft_max_word_len',
  'ft_stopword_file',
  'ft_query_expansion_limit',
];
/** An empty folder is made with these already. */
const ofTheFolder = ['innodb_page_size', 'innodb_data_file_path', 'lower_case_table_names'];
/**
 * What was made while these were otherwise is in the dump all the same, and must load. Refusals, not forms:
 * off, they change no table that was allowed.
 */
const lenient: Record<string, string> = {
  innodb_strict_mode: 'OFF',
  restrict_fk_on_non_standard_key: 'OFF',
  sql_require_primary_key: 'OFF',
  sql_generate_invisible_primary_key: 'OFF',
};

/** Of tables, which are there only once a dump is loaded: full-text indexes are built anew under them. */
const stopwords = ['innodb_ft_server_stopword_table', 'innodb_ft_user_stopword_table'];

export async function readFormative({ rows }: Session): Promise<Settings> {
  const found = await rows<{ Variable_name: string; Value: string }>(
    'SHOW GLOBAL VARIABLES WHERE Variable_name IN (?)',
    [[...formativeSettings, ...stopwords, ...Object.keys(lenient)]],
  );
  return Object.fromEntries(found.map((row) => [row.Variable_name.toLowerCase(), row.Value]));
}

const option = (name: string, value: string): string => `--loose-${name.replaceAll('_', '-')}=${value}`;
const chosen = (settings: Settings, names: readonly string[]): string[] =>
  names.filter((name) => (settings[name] ?? '') !== '').map((name) => option(name, settings[name]!));

/** Options without which the service could not open the data folder that is made with them. */
export const folderOptions = (settings: Settings): string[] => chosen(settings, ofTheFolder);

/** Options of the server that a dump of a server with these settings is loaded into. */
export const loadingOptions = (settings: Settings): string[] => [
  ...chosen(settings, formativeSettings),
  ...Object.entries(lenient).map(([name, value]) => option(name, value)),
  // An account of before 8.4 logs in with it, where the server still has it.
  '--loose-mysql-native-password=ON',
];

/** Names of the tables of stopwords that are set, as `schema.table`. */
export const stopwordTables = (settings: Settings): string[] =>
  stopwords
    .map((name) => settings[name] ?? '')
    .filter((name) => name !== '')
    .map((name) => name.replace('/', '.'));

/**
 * Builds InnoDB's full-text indexes anew on a server that a dump was loaded into, where the source had
 * stopwords of its own. Gives the tables. Rejects with the server's message when such a table of stopwords is
 * not there.
 */
export async function indexUnderStopwords(
  sql: (statements: string) => Promise<string>,
  settings: Settings,
): Promise<string[]> {
  const set = stopwords
    .filter((name) => (settings[name] ?? '') !== '')
    .map((name) => `SET GLOBAL ${name} = '${settings[name]!.replaceAll("'", "''")}'`);
  if (set.length === 0) return [];
  const tables = (await sql(indexedTables))
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.split('\t') as [string, string]);
  await sql(set.join('; '));
  for (const [schema, table] of tables)
    await sql(`OPTIMIZE NO_WRITE_TO_BINLOG TABLE ${quoted(schema)}.${quoted(table)}`);
  return tables.map((parts) => parts.join('.'));
}

const indexedTables = `SELECT DISTINCT t.table_schema, t.table_name FROM information_schema.statistics s JOIN information_schema.tables t USING (table_schema, table_name)
  WHERE s.index_type = 'FULLTEXT' AND t.engine = 'InnoDB' ORDER BY 1, 2`;

/**
 * What the loading server lets pass that the source, as it stood, would have refused: `innodb_strict_mode is
 * OFF for the load, ON at the source`.
 */
export const loadedOtherwise = (settings: Settings): string[] =>
  Object.entries(lenient)
    .filter(([name, value]) => settings[name] !== undefined && settings[name] !== value)
    .map(([name, value]) => `${name} is ${value} for the load, ${settings[name]} at the source`);
