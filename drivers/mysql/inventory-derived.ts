import { digest } from './inventory-reading.ts';
import type { Product } from './product.ts';
import { digestColumn } from './row-digest.ts';
import { quoted, serverCode, type Session } from './session.ts';

const sampledRows = 100;

interface Part {
  s: string;
  t: string;
  i: string;
  c: string | null;
  type: string | null;
  virtual: number;
  expression: string | null;
}

/**
 * What indexes over virtual columns and over expressions hold, by index. They keep what was computed when a
 * row was written, in the zone, the week and the language of that session: loaded by another, the same rows
 * are found under other values.
 */
export async function readDerived(
  session: Session,
  { derived }: Product,
  without: string[],
  volatile: readonly string[],
): Promise<Record<string, string>> {
  const parts = await session.rows<Part>(derived, [without]);
  const out: Record<string, string> = {};
  for (const [name, own] of Map.groupBy(parts, ({ s, t, i }) => `${s}.${t}.${i}`)) {
    const { s, t, i } = own[0]!;
    if (volatile.includes(`${s}.${t}`)) continue;
    const columns = own.filter(({ virtual }) => Number(virtual) === 1);
    const held = await Promise.all(
      columns.map(({ c, type }) =>
        digestColumn(session, `${quoted(s)}.${quoted(t)} FORCE INDEX (${quoted(i)})`, {
          name: c!,
          type: type!.toLowerCase(),
        }),
      ),
    );
    const found = own.some(({ expression }) => expression !== null) ? await foundBy(session, own) : [];
    if (held.length + found.length > 0) out[name] = digest(JSON.stringify([held, found]));
  }
  return out;
}

/**
 * How many rows the index finds for values out of the rows themselves: the same rows give the same values.
 * What the server says where it cannot tell is held against what it says later. An index over the elements of
 * an array is left out.
 */
async function foundBy({ rows }: Session, own: readonly Part[]): Promise<string[]> {
  const { s, t, i } = own[0]!;
  if (own.some(({ expression }) => / array\)/.test(expression ?? ''))) return [];
  const texts = own.map(({ c, expression }) =>
    expression === null ? quoted(c!) : `(${expression.replaceAll("\\'", "'")})`,
  );
  const table = `${quoted(s)}.${quoted(t)}`;
  const all = texts.map((text, n) => `${text} AS v${n}`).join(', ');
  const order = `SHA2(CONCAT_WS(',', ${texts.map((_, n) => `HEX(v${n})`).join(', ')}), 256)`;
  const there = texts.map((text) => `${text} IS NOT NULL`).join(' AND ');
  const equal = texts.map((text) => `${text} = ?`).join(' AND ');
  try {
    const sample = await rows<Record<string, unknown>>(
      `SELECT * FROM (SELECT DISTINCT ${all} FROM ${table} WHERE ${there}) AS there ORDER BY ${order} LIMIT ${sampledRows}`,
    );
    const out: string[] = [];
    for (const row of sample) {
      const [found] = await rows<{ n: string | number }>(
        `SELECT COUNT(*) AS n FROM ${table} FORCE INDEX (${quoted(i)}) WHERE ${equal}`,
        Object.values(row),
      );
      out.push(String(found!.n));
    }
    return out;
  } catch (error) {
    if (serverCode(error) === null || /DENIED/.test(serverCode(error)!)) throw error;
    return [serverCode(error)!];
  }
}
