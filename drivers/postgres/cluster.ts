import { environmentError } from '../../core/errors.ts';
import { withSession, type Session, type PostgresSite } from './server.ts';

/**
 * What a dump of databases and roles leaves out, and an empty cluster must be made with: how it was made, the
 * settings that lie in its data folder, and where its sequences stood.
 */
export interface Cluster {
  /** The role that it began with. */
  bootstrapRole: string;
  /** Options of initdb. */
  made: string[];
  /** The server must be started with these to load what they bring. */
  preload: string;
  /** Of all databases together. */
  bytes: number;
  /** Settings in the data folder, by file name. */
  files: Record<string, string>;
  /** File of each database, by its name. */
  databases: Record<string, string>;
  /** Of each database: sequences that were used, and the last number that each had given by then. */
  sequences: Record<string, Record<string, string>>;
}

/** Databases that a dump can be made of, and those that let nobody in. */
export async function readDatabases({ rows }: Session): Promise<{ open: string[]; closed: string[] }> {
  const found = await rows<{ name: string; open: string }>(
    "SELECT datname AS name, datallowconn::text AS open FROM pg_database WHERE datname NOT IN ('template0', 'template1') ORDER BY datname",
  );
  const named = (open: string): string[] => found.filter((one) => one.open === open).map(({ name }) => name);
  return { open: named('true'), closed: named('false') };
}

export const everySequence =
  "SELECT schemaname || '.' || sequencename AS name, last_value::text AS last, increment_by::text AS step FROM pg_sequences WHERE last_value IS NOT NULL ORDER BY 1";

export async function readCluster(
  site: PostgresSite,
  session: Session,
  databases: Record<string, string>,
): Promise<Cluster> {
  const sequences: Cluster['sequences'] = {};
  for (const database of Object.keys(databases)) {
    const found = await withSession(
      site,
      ({ rows }) => rows<{ name: string; last: string; step: string }>(everySequence),
      { database },
    );
    sequences[database] = Object.fromEntries(
      found.filter(({ step }) => !step.startsWith('-')).map(({ name, last }) => [name, last]),
    );
  }
  const [said] = await session.rows<{ role: string; preload: string; bytes: string }>(
    `SELECT (SELECT rolname FROM pg_roles WHERE oid = 10) AS role, current_setting('shared_preload_libraries') AS preload,
            (SELECT sum(pg_database_size(oid)) FROM pg_database)::text AS bytes`,
  );
  return {
    bootstrapRole: said!.role,
    made: await readMade(site, session),
    preload: said!.preload,
    bytes: Number(said!.bytes),
    files: await readSettingFiles(site),
    databases,
    sequences,
  };
}

/** How the cluster was made, as the template that nobody changes still has it. */
async function readMade({ major }: PostgresSite, { rows }: Session): Promise<string[]> {
  const locale = major >= 17 ? 'd.datlocale' : major >= 15 ? 'd.daticulocale' : 'NULL';
  const provider = major >= 15 ? 'd.datlocprovider' : "'c'";
  const rules = major >= 16 ? 'd.daticurules' : 'NULL';
  const [row] = await rows<Record<string, string | null>>(
    `SELECT pg_encoding_to_char(d.encoding) AS encoding, d.datcollate AS collate, d.datctype AS ctype, ${provider} AS provider, ${locale} AS locale, ${rules} AS rules,
            current_setting('data_checksums') AS checksums, pg_size_bytes(current_setting('wal_segment_size')) / 1048576 AS segment,
            current_setting('data_directory_mode') AS mode
       FROM pg_database d WHERE d.datname = 'template0'`,
  );
  if (!row)
    throw environmentError('the cluster has no template0', { expected: 'the template of every cluster' });
  const providers: Record<string, string[]> = {
    i: ['--locale-provider=icu', `--icu-locale=${row['locale']}`],
    b: ['--locale-provider=builtin', `--builtin-locale=${row['locale']}`],
  };
  return [
    `--encoding=${row['encoding']}`,
    `--lc-collate=${row['collate']}`,
    `--lc-ctype=${row['ctype']}`,
    ...(providers[row['provider'] ?? 'c'] ?? (major >= 15 ? ['--locale-provider=libc'] : [])),
    ...(row['rules'] ? [`--icu-rules=${row['rules']}`] : []),
    ...(row['checksums'] === 'on' ? ['--data-checksums'] : major >= 18 ? ['--no-data-checksums'] : []),
    `--wal-segsize=${row['segment']}`,
    ...(row['mode'] === '0750' ? ['--allow-group-access'] : []),
  ];
}

/** One after another, each as its name, its length in bytes and itself. */
const readFiles =
  'cd "$1"; for file in *.conf; do [ -f "$file" ] && printf "%s\\n%s\\n" "$file" "$(wc -c < "$file")" && cat "$file"; done; true';

async function readSettingFiles({
  service,
  dataFolder,
  owner,
}: PostgresSite): Promise<Record<string, string>> {
  const { code, stdout, stderr } = await service.exec(['sh', '-c', readFiles, 'settings', dataFolder], {
    user: owner,
    deadlineMs: 30_000,
  });
  if (code !== 0)
    throw environmentError(`settings in ${dataFolder} cannot be read`, { found: stderr.trim() });
  return filesIn(stdout);
}

export function filesIn(said: string): Record<string, string> {
  const files: Record<string, string> = {};
  let rest = Buffer.from(said);
  while (rest.length > 0) {
    const first = rest.indexOf('\n');
    const second = rest.indexOf('\n', first + 1);
    const length = Number(rest.toString('utf8', first + 1, second).trim());
    files[rest.toString('utf8', 0, first)] = rest.toString('utf8', second + 1, second + 1 + length);
    rest = rest.subarray(second + 1 + length);
  }
  return files;
}
