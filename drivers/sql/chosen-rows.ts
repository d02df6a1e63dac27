import type { Queries } from './server.ts';
import type { TableName } from './tables.ts';

/** Rows that a witness looks for: enough to be no accident, few enough for any table. */
const sampleRows = 100;

/**
 * Rows that are chosen: those whose digest is not above the threshold. `digest`: SQL that gives that of a
 * row, in hexadecimal digits. `sample` holds the smallest of them.
 */
export interface ChosenRows {
  table: TableName;
  digest: string;
  threshold: string;
  sample: string[];
  rowsBefore: number;
}

/** What decides which rows are chosen: the same seed chooses the same rows whatever order they lie in. */
export interface Choice {
  table: string;
  share: number;
  seed: number;
}

/** Null for a table without rows. Rejects with the server's errors. */
export async function chooseByDigest(
  { rows }: Queries,
  table: TableName,
  digest: string,
  share: number,
): Promise<ChosenRows | null> {
  const [counted] = await rows<{ total: string | number }>(`SELECT count(*) AS total FROM ${table.quoted}`);
  const rowsBefore = Number(counted!.total);
  if (rowsBefore === 0) return null;
  const wanted = Math.max(1, Math.ceil(rowsBefore * share));
  const inOrder = `SELECT ${digest} AS digest FROM ${table.quoted} ORDER BY 1`;
  const [limit] = await rows<{ digest: string }>(`${inOrder} LIMIT 1 OFFSET ${wanted - 1}`);
  const sample = await rows<{ digest: string }>(`${inOrder} LIMIT ${Math.min(sampleRows, wanted)}`);
  return { table, digest, threshold: limit!.digest, sample: sample.map((row) => row.digest), rowsBefore };
}

/** SQL that is true of the chosen rows, and of those of the sample alone. */
export const isChosen = ({ digest, threshold }: ChosenRows): string => `${digest} <= '${threshold}'`;
export const isSampled = (digest: string, { sample }: ChosenRows): string =>
  `${digest} IN (${sample.map((one) => `'${one}'`).join(', ')})`;

/** What names a row: its primary key, or all of it where it has none. */
export function namingColumns(columns: readonly { name: string; primary: boolean }[]): string[] {
  const primary = columns.filter((one) => one.primary);
  return (primary.length > 0 ? primary : columns).map(({ name }) => name);
}
