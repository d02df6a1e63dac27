import { quoted, type Session } from './session.ts';

/** `virtual`: generated when it is read, and not stored. */
export interface Column {
  name: string;
  type: string;
  virtual: boolean;
}
/** Digests are decimal text: a sum can be larger than what JSON numbers hold. `null` for an empty table. */
export interface TableDigest {
  rows: number;
  sum: string | null;
  xor: string | null;
}

/**
 * One value as text without loss: hexadecimal digits, `-` for NULL. Text is compared as UTF-8, floating point
 * as the shortest decimal of a double, binary and spatial data as their bytes.
 */
function valueText({ name, type }: Pick<Column, 'name' | 'type'>): string {
  const column = quoted(name);
  if (/^(binary|varbinary|tinyblob|blob|mediumblob|longblob|bit|vector)$/.test(type))
    return `IFNULL(HEX(${type === 'bit' ? `CAST(${column} AS BINARY)` : column}), '-')`;
  if (
    /^(geometry|point|linestring|polygon|multipoint|multilinestring|multipolygon|geomcollection|geometrycollection)$/.test(
      type,
    )
  )
    return `IFNULL(HEX(CAST(${column} AS BINARY)), '-')`;
  if (type === 'float')
    return `IFNULL(HEX(CAST(CAST(${column} AS DOUBLE) AS CHAR CHARACTER SET utf8mb4)), '-')`;
  return `IFNULL(HEX(CAST(${column} AS CHAR CHARACTER SET utf8mb4)), '-')`;
}

/**
 * The text of a row: values joined by commas, which no value's text holds, so that two different rows never
 * have one text. (CONCAT_WS over plain values is not so: it drops NULLs and does not escape its separator.)
 * Virtual columns follow from the others; stored ones followed from them once, in the zone, the week and the
 * language of the session that wrote the row.
 */
export const rowText = (columns: readonly Column[]): string => {
  const stored = columns.filter(({ virtual }) => !virtual);
  return stored.length === 0 ? "''" : `CONCAT_WS(',', ${stored.map(valueText).join(', ')})`;
};

/**
 * Count, exact sum and exclusive-or of 64 bits of each row's SHA-256. The sum sees duplicates, which the
 * exclusive-or alone would not.
 */
export const digestTable = (
  session: Session,
  table: string,
  columns: readonly Column[],
): Promise<TableDigest> => digestText(session, table, rowText(columns));

/** The same of one column alone, as an index holds it. */
export const digestColumn = (
  session: Session,
  table: string,
  column: Pick<Column, 'name' | 'type'>,
): Promise<TableDigest> => digestText(session, table, valueText(column));

async function digestText({ rows }: Session, table: string, text: string): Promise<TableDigest> {
  const [row] = await rows<{ total: string | number; sum: string | null; bits: string | null }>(
    `SELECT COUNT(*) AS total, CAST(SUM(hash) AS CHAR) AS sum, IF(COUNT(*) = 0, NULL, CAST(BIT_XOR(hash) AS CHAR)) AS bits
       FROM (SELECT CAST(CONV(LEFT(SHA2(${text}, 256), 16), 16, 10) AS UNSIGNED) AS hash FROM ${table}) AS hashes`,
  );
  return { rows: Number(row!.total), sum: row!.sum, xor: row!.bits };
}
