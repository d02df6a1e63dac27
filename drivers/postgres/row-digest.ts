import type { Session } from './server.ts';

/** Sums are decimal text: larger than what JSON numbers hold. `null` for an empty table. */
export interface TableDigest {
  rows: number;
  sums: [string, string] | null;
}

/**
 * What decides how values are written as text, whatever the session, the role and the database have it as;
 * and rows are read from the table itself, because an index may lack some or have what is gone.
 */
export const asText = [
  "SET TimeZone = 'UTC'",
  "SET DateStyle = 'ISO, YMD'",
  "SET IntervalStyle = 'postgres'",
  'SET extra_float_digits = 1',
  "SET bytea_output = 'hex'",
  "SET xmloption = 'content'",
  "SET lc_monetary = 'C'",
  "SET search_path = ''",
  'SET row_security = off',
  'SET enable_indexscan = off',
  'SET enable_bitmapscan = off',
  'SET enable_indexonlyscan = off',
  'SET statement_timeout = 0',
  'SET idle_in_transaction_session_timeout = 0',
].join('; ');

/** 64 bits of a digest of SHA-256 from the given hexadecimal digit on, as a number. */
const bits = (from: number): string => `('x' || substr(digest, ${from}, 16))::bit(64)::bigint::numeric`;

/**
 * Count, and exact sums of two times 64 bits of each row's SHA-256: the sums see duplicates, which an
 * exclusive-or would not. A row as text tells NULL from nothing and quotes what separates, so that two
 * different rows never have one text.
 */
export async function digestRows(
  { rows }: Session,
  table: string,
  { where = 'true', values = [] as unknown[] } = {},
): Promise<TableDigest> {
  const [row] = await rows<{ total: string; first: string | null; second: string | null }>(
    `SELECT count(*) AS total, sum(${bits(1)})::text AS first, sum(${bits(17)})::text AS second
       FROM (SELECT encode(sha256(convert_to(one::text, 'UTF8')), 'hex') AS digest FROM ONLY ${table} AS one WHERE ${where}) AS digests`,
    values,
  );
  const { total, first, second } = row!;
  return { rows: Number(total), sums: first === null || second === null ? null : [first, second] };
}

export const sameRows = (a: TableDigest | undefined, b: TableDigest | undefined): boolean =>
  a !== undefined &&
  b !== undefined &&
  a.rows === b.rows &&
  JSON.stringify(a.sums) === JSON.stringify(b.sums);
