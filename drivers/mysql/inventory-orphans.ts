import { readable, type Unread } from './inventory-reading.ts';
import { quoted, serverCode, type Session } from './session.ts';

interface KeyColumn {
  s: string;
  t: string;
  k: string;
  c: string;
  ps: string;
  pt: string;
  pc: string;
}

/** Rows of each foreign key whose parent is missing. */
export async function readOrphans(
  { rows }: Session,
  without: string[],
  unread: Unread,
): Promise<Record<string, number>> {
  const keys = await rows<KeyColumn>(
    `SELECT table_schema AS s, table_name AS t, constraint_name AS k, column_name AS c, referenced_table_schema AS ps, referenced_table_name AS pt, referenced_column_name AS pc
       FROM information_schema.key_column_usage WHERE referenced_table_name IS NOT NULL AND table_schema NOT IN (?) ORDER BY s, t, k, ordinal_position`,
    [without],
  );
  const out: Record<string, number> = {};
  for (const [name, columns] of Map.groupBy(keys, ({ s, t, k }) => `${s}.${t}.${k}`)) {
    const total = await readable(unread, `foreign key ${name}`, () => orphansOf(rows, columns));
    if (total !== null) out[name] = total;
  }
  return out;
}

async function orphansOf(rows: Session['rows'], columns: KeyColumn[]): Promise<number> {
  const { s, t, ps, pt } = columns[0]!;
  const set = columns.map(({ c }) => `child.${quoted(c)} IS NOT NULL`).join(' AND ');
  const same = columns.map(({ c, pc }) => `parent.${quoted(pc)} = child.${quoted(c)}`).join(' AND ');
  const [row] = await rows<{ total: string | number }>(
    `SELECT COUNT(*) AS total FROM ${quoted(s)}.${quoted(t)} child WHERE ${set} AND NOT EXISTS (SELECT 1 FROM ${quoted(ps)}.${quoted(pt)} parent WHERE ${same})`,
  ).catch((error: unknown) => {
    // A parent table that is gone leaves every child an orphan.
    if (serverCode(error) !== 'ER_NO_SUCH_TABLE') throw error;
    return rows<{ total: string | number }>(
      `SELECT COUNT(*) AS total FROM ${quoted(s)}.${quoted(t)} child WHERE ${set}`,
    );
  });
  return Number(row!.total);
}
