import { messageOf } from '../../../core/errors.ts';
import { nothingLookedAt, type LookedAt } from '../../sql/usable.ts';
import { serverSchemas } from '../config.ts';
import { quoted, serverCode, type Session } from '../session.ts';

/** Engines whose rows lie on other servers, or in files that no data folder holds. */
const elsewhere = new Set(['FEDERATED', 'CONNECT', 'SPIDER', 'S3', 'OQGRAPH', 'SPHINX']);
const denied = ['ER_TABLEACCESS_DENIED_ERROR', 'ER_COLUMNACCESS_DENIED_ERROR', 'ER_DBACCESS_DENIED_ERROR'];
/** InnoDB keeps what is longer in pages of its own, which CHECK TABLE does not read. */
const longBytes = 40;

interface Table {
  s: string;
  t: string;
  engine: string | null;
}

/** Asks each table for a row; `whole`: has the server read and check all of each, which takes as long. */
export async function lookAtTables({ rows }: Session, whole: boolean): Promise<LookedAt> {
  await rows('SET SESSION sql_select_limit = 18446744073709551615');
  // Of MySQL in milliseconds, of MariaDB in seconds: neither knows the other's.
  for (const limit of ['max_execution_time', 'max_statement_time'])
    await rows(`SET SESSION ${limit} = 0`).catch(() => undefined);
  const tables = await rows<Table>(
    "SELECT table_schema AS s, table_name AS t, engine AS engine FROM information_schema.tables WHERE table_type IN ('BASE TABLE', 'SYSTEM VERSIONED') AND table_schema NOT IN (?) ORDER BY s, t",
    [serverSchemas],
  );
  const looked = nothingLookedAt(tables.length, whole);
  for (const { s, t, engine } of tables) {
    const name = `${s}.${t}`;
    if (elsewhere.has(engine?.toUpperCase() ?? '')) {
      looked.unseen.push(name);
      continue;
    }
    try {
      const table = `${quoted(s)}.${quoted(t)}`;
      const against = whole ? await checked(rows, table) : [];
      if (against.length > 0) {
        looked.wrong.push(`table ${name} is damaged (${against.join('; ')})`);
        continue;
      }
      const found = whole
        ? await readToItsEnd(rows, { s, t }, table)
        : (await rows(`SELECT 1 FROM ${table} LIMIT 1`)).length;
      if (found > 0) looked.holding += 1;
    } catch (error) {
      if (denied.includes(serverCode(error) ?? '')) looked.unseen.push(name);
      else looked.wrong.push(`table ${name} cannot be read (${messageOf(error)})`);
      // A server ends itself over a page that is damaged.
      if (serverCode(error) === null) return { ...looked, isGone: true };
    }
  }
  return looked;
}

/**
 * Asks as `lookAtTables` does, and beside it the log: of a value that lies on a damaged page of its own,
 * MariaDB gives what comes before that page, and says so there alone; its CHECK TABLE reads no such page.
 */
export async function readAll(session: Session, log: () => Promise<string>): Promise<LookedAt> {
  const before = new Set(damagedPages(await log()));
  const looked = await lookAtTables(session, true);
  // What the server said is still on its way from its container.
  if (!looked.isGone) await session.rows('DO SLEEP(0.5)');
  const since = damagedPages(await log()).filter((line) => !before.has(line));
  const said = [...new Set(since.map((line) => damagedPage.exec(line)![1]!.trim()))];
  looked.wrong.push(...said.map((words) => `a page of a table is damaged (${words})`));
  return looked;
}

/** `2026-11-30 14:26:00 5 [ERROR] InnoDB: Space id and page no stored in the page, read in are …`. */
const damagedPage = /\[ERROR\] (?:\[MY-\d+\] \[InnoDB\]|InnoDB:) (.*\bpage\b.*)/i;
const damagedPages = (log: string): string[] => log.split('\n').filter((line) => damagedPage.test(line));

/** What the server's own check has against it. */
async function checked(rows: Session['rows'], table: string): Promise<string[]> {
  const said = await rows<{ Msg_type: string; Msg_text: string }>(`CHECK TABLE ${table}`);
  return said
    .filter(({ Msg_type: type, Msg_text: text }) => {
      // Of an older server it can be read all the same.
      if (/\b(?:upgrade|rebuild) required\b/i.test(text)) return false;
      if (/^status$/i.test(type)) return !/^(?:OK|Table is already up to date)$/i.test(text);
      return /^error$/i.test(type);
    })
    .map(({ Msg_text: text }) => text);
}

/** How many rows it holds; each value that may lie in pages of its own is read. */
async function readToItsEnd(
  rows: Session['rows'],
  { s, t }: Pick<Table, 's' | 't'>,
  table: string,
): Promise<number> {
  const long = await rows<{ c: string }>(
    "SELECT column_name AS c FROM information_schema.columns WHERE table_schema = ? AND table_name = ? AND (character_octet_length > ? OR data_type = 'json') AND extra NOT LIKE '%VIRTUAL%'",
    [s, t, longBytes],
  );
  const lengths = long.map(({ c }, i) => `, SUM(LENGTH(${quoted(c)})) AS c${i}`).join('');
  const [row] = await rows<{ n: string | number }>(`SELECT COUNT(*) AS n${lengths} FROM ${table}`);
  return Number(row!.n);
}
