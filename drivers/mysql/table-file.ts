import { environmentError } from '../../core/errors.ts';
import type { TableName } from '../sql/tables.ts';
import { findTable } from './tables.ts';
import type { MysqlSite } from './site.ts';
import type { Session } from './session.ts';

/** A table's file: where it lies, and which of its pages hold the rows (those of its clustered index). */
export interface TableFile {
  name: TableName;
  path: string;
  pageBytes: number;
  index: bigint;
}

/**
 * A pool larger than this is not pushed out of memory on purpose: the effect then shows when the server next
 * reads the pages.
 */
const evictableBytes = 128 * 1024 * 1024;

/** Environment error when the table has no file of its own, or when that is not the drill's. */
export async function locate(site: MysqlSite, session: Session, table: string): Promise<TableFile> {
  const name = await findTable(session, table);
  const [row] = await session.rows<{ path: string; id: string | number; bytes: string | number }>(
    site.product.files.table,
    [`${name.schema}/${name.table}`],
  );
  if (!row)
    throw environmentError(`${table} has no file of its own`, {
      found: 'a table in a shared tablespace, partitioned, or of another engine',
      expected: 'InnoDB with innodb_file_per_table',
    });
  const said = row.path.startsWith('/') ? row.path : `${site.dataFolder}/${row.path.replace(/^\.\//, '')}`;
  // A schema's folder may be a link to somewhere else.
  const path = (await site.service.exec(['readlink', '-f', said], { deadlineMs: 30_000 })).stdout.trim();
  await site.service.assertOwnPath(path);
  return { name, path, pageBytes: Number(row.bytes), index: BigInt(row.id) };
}

/** Tells a file from another one of the same name; empty where there is none. */
export async function fileIdentity({ service }: MysqlSite, path: string): Promise<string> {
  const { stdout } = await service.exec(
    ['sh', '-c', 'test ! -e "$1" || stat -c "%i born %W" "$1"', 'look', path],
    { deadlineMs: 30_000 },
  );
  return stdout.trim();
}

export interface Overwrite {
  /** Bytes from the beginning of the file. */
  offset: number;
  bytes: Buffer;
}

/** As many in one command as every shell takes. */
const overwritesAtOnce = 1_000;

/** Overwrites bytes of the file, down to the disk: in one command, as each costs more than what it writes. */
export async function overwrite(
  { service }: MysqlSite,
  path: string,
  all: readonly Overwrite[],
): Promise<void> {
  const script =
    'while [ $# -gt 1 ]; do dd of="$0" conv=notrunc,fsync oflag=seek_bytes iflag=fullblock count=1 seek="$1" bs="$2" || exit; shift 2; done';
  for (let from = 0; from < all.length; from += overwritesAtOnce) {
    const some = all.slice(from, from + overwritesAtOnce);
    const places = some.flatMap(({ offset, bytes }) => [String(offset), String(bytes.length)]);
    const { code, stderr } = await service.exec(['sh', '-c', script, path, ...places], {
      stdin: Buffer.concat(some.map(({ bytes }) => bytes)),
    });
    if (code !== 0)
      throw environmentError(`${path} cannot be overwritten`, { found: stderr.trim(), expected: 'code 0' });
  }
}

/**
 * Fills the buffer pool with a temporary table, which no log sees; without the protection of young pages it
 * pushes out all others.
 */
export async function evict({ product }: MysqlSite, { rows }: Session): Promise<void> {
  const [row] = await rows<{ bytes: string | number; old: string | number }>(
    'SELECT @@innodb_buffer_pool_size AS bytes, @@innodb_old_blocks_time AS old',
  );
  if (Number(row!.bytes) > evictableBytes) return;
  const rowsNeeded = Math.ceil((Number(row!.bytes) * 2.5) / 8_000);
  await rows('SET GLOBAL innodb_old_blocks_time = 0');
  try {
    await rows(`SET SESSION ${product.recursionBound} = 1000000`);
    await rows(
      'CREATE TEMPORARY TABLE mysql.muster_evict (n INT PRIMARY KEY, filler VARBINARY(8000)) ENGINE = InnoDB',
    );
    await rows(
      "INSERT INTO mysql.muster_evict WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < ?) SELECT n, REPEAT('x', 8000) FROM numbers",
      [rowsNeeded],
    );
    await rows('SELECT SUM(LENGTH(filler)) FROM mysql.muster_evict');
    await rows('DROP TEMPORARY TABLE mysql.muster_evict');
  } finally {
    await rows('SET GLOBAL innodb_old_blocks_time = ?', [Number(row!.old)]);
  }
}

/**
 * Pages that innochecksum calls damaged, in a copy: it cannot lock the file of a running server. Null when it
 * cannot be asked.
 */
export async function badPages(site: MysqlSite, path: string): Promise<number[] | null> {
  const script =
    'copy=$(mktemp) && cp "$1" "$copy" && innochecksum --allow-mismatches=10000 --log="$copy.log" "$copy" 2>&1; code=$?; rm -f "$copy" "$copy.log"; exit $code';
  try {
    const { stdout } = await site.service.exec(['sh', '-c', script, 'innochecksum', path], {
      deadlineMs: 30_000,
    });
    return [...stdout.matchAll(/^Fail: page(?: |::)(\d+) invalid/gm)].map(([, page]) => Number(page));
  } catch {
    return null;
  }
}
