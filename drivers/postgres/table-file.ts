import { buffer } from 'node:stream/consumers';
import { environmentError, messageOf } from '../../core/errors.ts';
import type { Helper, Shell } from '../../core/service.ts';
import { damaging } from '../../faults/volume.ts';
import type { Session, PostgresSite } from './server.ts';
import type { TableName } from './tables.ts';

/** A table's files: a new one begins with every so many pages. */
export interface TableFile {
  name: TableName;
  /** Path of the first one. */
  path: string;
  pageBytes: number;
  pagesPerFile: number;
}

/** Environment error when the table has no file of its own, or when that is not the drill's. */
export async function locate(site: PostgresSite, { rows }: Session, name: TableName): Promise<TableFile> {
  const [row] = await rows<{ path: string | null; page: string; pages: string }>(
    "SELECT pg_relation_filepath($1::oid) AS path, current_setting('block_size') AS page, (SELECT setting FROM pg_settings WHERE name = 'segment_size') AS pages",
    [name.oid],
  );
  if (!row?.path)
    throw environmentError(`${name.schema}.${name.table} has no file of its own`, {
      found: 'a partitioned table',
      expected: 'a table with rows, such as one of its partitions',
    });
  const path = `${site.dataFolder}/${row.path}`;
  await site.service.assertOwnPath(path);
  return { name, path, pageBytes: Number(row.page), pagesPerFile: Number(row.pages) };
}

/** The file that a page lies in, and which of that file's pages it is. */
export function placeOf(
  { path, pagesPerFile }: Pick<TableFile, 'path' | 'pagesPerFile'>,
  page: number,
): [file: string, at: string] {
  const part = Math.floor(page / pagesPerFile);
  return [part === 0 ? path : `${path}.${part}`, String(page % pagesPerFile)];
}

/** The bytes of a page as they are on disk, or in the system's memory for the disk. */
export async function readPage(shell: Shell, table: TableFile, page: number): Promise<Buffer> {
  const [file, at] = placeOf(table, page);
  const running = await shell.spawn([
    'dd',
    `if=${file}`,
    `bs=${table.pageBytes}`,
    `skip=${at}`,
    'count=1',
    'status=none',
  ]);
  const [bytes, { code, stderr }] = await Promise.all([buffer(running.stdout), running.done]);
  if (code !== 0 || bytes.length !== table.pageBytes)
    throw environmentError(`page ${page} of ${file} cannot be read`, {
      found: stderr.trim() || `${bytes.length} bytes`,
      expected: `${table.pageBytes} bytes`,
    });
  return bytes;
}

/** From a file, because what comes through a pipe comes in pieces. */
const writeScript =
  'page=$(mktemp); cat > "$page"; dd if="$page" of="$1" bs="$2" seek="$3" count=1 conv=notrunc,fsync status=none; rm "$page"';

export async function writePage(
  helper: Helper,
  table: TableFile,
  page: number,
  bytes: Buffer,
): Promise<void> {
  const [file, at] = placeOf(table, page);
  const { code, stderr } = await helper.exec(
    ['sh', '-euc', writeScript, damaging, file, String(table.pageBytes), at],
    { stdin: bytes },
  );
  if (code !== 0)
    throw environmentError(`${file} cannot be overwritten`, { found: stderr.trim(), expected: 'code 0' });
}

/** Memory for pages that is larger than this is not filled on purpose. */
const fillableBytes = 128 * 1024 * 1024;
/** How often each page of that memory is passed by before it goes: an often used one stays five rounds. */
const rounds = 6;

/**
 * Has the server forget a table's pages, inside a transaction that is rolled back, so that nothing is left of
 * how it was done. Null, or in words why they may still be in memory. By the server's own function where it
 * has one (17 and later); else the memory is filled with a table that no log sees.
 */
export async function forget({ rows }: Session, name: TableName): Promise<string | null> {
  await rows(`CREATE SCHEMA ${forgetting}`);
  await rows('SAVEPOINT forgetting');
  try {
    const [there] = await rows<{ schema: string }>(
      "SELECT extnamespace::regnamespace::text AS schema FROM pg_extension WHERE extname = 'pg_buffercache'",
    );
    if (!there) await rows(`CREATE EXTENSION pg_buffercache WITH SCHEMA ${forgetting}`);
    const schema = there?.schema ?? forgetting;
    await rows(
      `SELECT ${schema}.pg_buffercache_evict(bufferid) FROM ${schema}.pg_buffercache
        WHERE relfilenode = pg_relation_filenode($1::oid) AND reldatabase = (SELECT oid FROM pg_database WHERE datname = current_database())`,
      [name.oid],
    );
    return null;
  } catch (error) {
    await rows('ROLLBACK TO forgetting');
    return fill({ rows }, messageOf(error));
  }
}

const forgetting = 'muster_forgetting';

async function fill({ rows }: Session, why: string): Promise<string | null> {
  const [row] = await rows<{ bytes: string; page: string }>(
    "SELECT pg_size_bytes(current_setting('shared_buffers')) AS bytes, current_setting('block_size') AS page",
  );
  const [bytes, page] = [Number(row!.bytes), Number(row!.page)];
  if (bytes > fillableBytes)
    return `the server cannot be told to evict them (${why}), and shared_buffers is larger than what is filled on purpose (${fillableBytes} bytes)`;
  await rows(`CREATE UNLOGGED TABLE ${forgetting}.fill (filler text)`);
  await rows(`ALTER TABLE ${forgetting}.fill ALTER filler SET STORAGE PLAIN`);
  // A row for each page.
  await rows(
    `INSERT INTO ${forgetting}.fill SELECT repeat('x', ${page / 2 + 200}) FROM generate_series(1, ${Math.ceil(bytes / page) * rounds})`,
  );
  return null;
}
