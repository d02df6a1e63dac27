import { quoted, type Session } from './session.ts';

/**
 * Of a full-text index: how many rows words of each length find, in total. Short words show the settings that
 * it was built under.
 */
export type Finds = Record<string, number>;

const sampledRows = 200;
const sampledCharacters = 4_000;
const wordsOfALength = 4;

/** Searches each full-text index for words out of the rows themselves: the same rows give the same words. */
export async function readFinds(
  { rows }: Session,
  without: string[],
  volatile: readonly string[],
): Promise<Record<string, Finds>> {
  const parts = await rows<{ s: string; t: string; i: string; c: string }>(
    `SELECT table_schema AS s, table_name AS t, index_name AS i, column_name AS c FROM information_schema.statistics
      WHERE index_type = 'FULLTEXT' AND table_schema NOT IN (?) ORDER BY s, t, i, seq_in_index`,
    [without],
  );
  const out: Record<string, Finds> = {};
  for (const [name, columns] of Map.groupBy(parts, ({ s, t, i }) => `${s}.${t}.${i}`)) {
    const { s, t } = columns[0]!;
    if (volatile.includes(`${s}.${t}`)) continue;
    const [table, list] = [`${quoted(s)}.${quoted(t)}`, columns.map(({ c }) => quoted(c)).join(', ')];
    const text = `CONCAT_WS(' ', ${list})`;
    const sample = await rows<{ text: string }>(
      `SELECT LEFT(${text}, ${sampledCharacters}) AS text FROM ${table} ORDER BY SHA2(${text}, 256) LIMIT ${sampledRows}`,
    );
    const finds: Finds = (out[name] = {});
    for (const word of chosenWords(sample.map((row) => row.text))) {
      const [found] = await rows<{ n: string | number }>(
        `SELECT COUNT(*) AS n FROM ${table} WHERE MATCH (${list}) AGAINST (? IN BOOLEAN MODE)`,
        [word],
      );
      finds[[...word].length] = (finds[[...word].length] ?? 0) + Number(found!.n);
    }
  }
  return out;
}

/** A few words of every length. */
export function chosenWords(texts: readonly string[]): string[] {
  const words = new Set(texts.flatMap((text) => (text ?? '').toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []));
  const byLength = Map.groupBy([...words].sort(), (word) => [...word].length);
  return [...byLength.values()].flatMap((some) => some.slice(0, wordsOfALength));
}

/**
 * `fewer`: rows that a search found and finds no more. `more`: an index that finds what it did not, as one
 * that is built anew may.
 */
export function compareFinds(
  before: Record<string, Finds>,
  now: Record<string, Finds>,
): { fewer: string[]; more: string[] } {
  const [fewer, more]: [string[], string[]] = [[], []];
  for (const [name, was] of Object.entries(before)) {
    const is = now[name];
    if (!is) continue;
    for (const [length, rows] of Object.entries(was)) {
      const words = `full-text index ${name}: words of ${length} characters find ${is[length] ?? 0} rows, ${rows} before`;
      if ((is[length] ?? 0) !== rows) ((is[length] ?? 0) < rows ? fewer : more).push(words);
    }
  }
  return { fewer, more };
}
