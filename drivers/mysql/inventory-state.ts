import { messageOf } from '../../core/errors.ts';
import { digest, readable, type Unread } from './inventory-reading.ts';
import type { Product } from './product.ts';
import { quoted, serverCode, type Session } from './session.ts';
import type { Settings } from './server-settings.ts';

/**
 * Of each table that counts, as decimal text: the next number, and the highest that a row has (0 for none).
 */
export type Counters = Record<string, { next: string; used: string }>;

export async function readCounters(
  session: Session,
  { before, sequences }: Product,
  without: string[],
  unread: Unread,
): Promise<Counters> {
  const { rows } = session;
  for (const statement of before.counters) await rows(statement);
  const found = await rows<{ s: string; t: string; c: string; next: string | number }>(
    `SELECT t.table_schema AS s, t.table_name AS t, c.column_name AS c, t.auto_increment AS next
       FROM information_schema.tables t JOIN information_schema.columns c ON c.table_schema = t.table_schema AND c.table_name = t.table_name
      WHERE t.auto_increment IS NOT NULL AND c.extra LIKE '%auto_increment%' AND t.table_schema NOT IN (?)`,
    [without],
  );
  const out: Counters = {};
  for (const { s, t, c, next } of found) {
    const highest = await readable(unread, `numbers of ${s}.${t}`, () =>
      rows<{ used: string }>(
        `SELECT CAST(CAST(IFNULL(MAX(${quoted(c)}), 0) AS DECIMAL(20, 0)) AS CHAR) AS used FROM ${quoted(s)}.${quoted(t)}`,
      ),
    );
    if (highest) out[`${s}.${t}`] = { next: String(next), used: highest[0]!.used };
  }
  return sequences === null ? out : { ...out, ...(await readSequences(session, sequences, without, unread)) };
}

/** What begins the name of a counter that is no table's. */
export const sequencePrefix = 'sequence ';

/**
 * The number up to which each sequence may have given any out; with its sign turned where it counts down.
 * One that begins anew at its end may fall by right, and is left out.
 */
async function readSequences(
  { rows }: Session,
  sequences: string,
  without: string[],
  unread: Unread,
): Promise<Counters> {
  const out: Counters = {};
  for (const { s, n } of await rows<{ s: string; n: string }>(sequences, [without])) {
    const found = await readable(unread, `numbers of ${s}.${n}`, () =>
      rows<{ next: string | number; step: string | number; cycles: string | number }>(
        `SELECT next_not_cached_value AS next, increment AS step, cycle_option AS cycles FROM ${quoted(s)}.${quoted(n)}`,
      ),
    );
    if (!found || Number(found[0]!.cycles) === 1) continue;
    const next = BigInt(found[0]!.next) * (Number(found[0]!.step) < 0 ? -1n : 1n);
    out[`${sequencePrefix}${s}.${n}`] = { next: String(next), used: '0' };
  }
  return out;
}

/** Of each view: empty when it selects, else what the server says. */
export async function readViews(
  { rows }: Session,
  without: string[],
  unread: Unread,
): Promise<Record<string, string>> {
  const views = await rows<{ s: string; n: string }>(
    'SELECT table_schema AS s, table_name AS n FROM information_schema.views WHERE table_schema NOT IN (?) ORDER BY s, n',
    [without],
  );
  const out: Record<string, string> = {};
  for (const { s, n } of views) {
    const said = await readable(unread, `view ${s}.${n}`, async () => {
      try {
        await rows(`SELECT * FROM ${quoted(s)}.${quoted(n)} LIMIT 0`);
        return '';
      } catch (error) {
        if (serverCode(error) === null || /DENIED/.test(serverCode(error)!)) throw error;
        return messageOf(error);
      }
    });
    if (said !== null) out[`${s}.${n}`] = said;
  }
  return out;
}

/** Whoever may write is watched as a setting; a copy that was closed for its making keeps that it was. */
const watchedOtherwise = ['super_read_only', 'read_only'];

/** What SET PERSIST was told, by name: it lies in the data folder and in no dump. */
export async function readPersistedSettings(
  { rows }: Session,
  { persists }: Product,
): Promise<Record<string, string>> {
  if (!persists) return {};
  const found = await rows<{ n: string; v: string }>(
    'SELECT variable_name AS n, variable_value AS v FROM performance_schema.persisted_variables WHERE variable_name NOT IN (?) ORDER BY n',
    [watchedOtherwise],
  );
  return Object.fromEntries(found.map(({ n, v }) => [n, v]));
}

/**
 * What the server has learnt beside its databases: functions, components and plugins of others, remote
 * servers, time zones by name.
 */
export async function readExtensions(
  { rows }: Session,
  { extensions }: Product,
  unread: Unread,
): Promise<string[]> {
  const out: string[] = [];
  for (const [kind, sql] of Object.entries(extensions)) {
    const found = await readable(unread, `the list of every ${kind}`, () => rows<{ n: string }>(sql));
    if (kind === 'time zone' && found && found.length > 0)
      out.push(
        `time zones by name (${digest(
          found
            .map(({ n }) => n)
            .sort()
            .join(),
        ).slice(0, 8)})`,
      );
    else out.push(...(found ?? []).map(({ n }) => `${kind} ${n}`));
  }
  return out;
}

/** Epoch seconds. Rows of tables in memory end with the server's process. */
export async function readStart({ rows }: Session): Promise<number> {
  const [row] = await rows<{ Value: string }>("SHOW GLOBAL STATUS LIKE 'Uptime'");
  const [clock] = await rows<{ now: string | number }>('SELECT UNIX_TIMESTAMP() AS now');
  return Number(clock!.now) - Number(row!.Value);
}

/** How the server names itself. */
export async function readUuid({ rows }: Session): Promise<string> {
  const [row] = await rows<{ uuid: string }>('SELECT @@server_uuid AS uuid');
  return row!.uuid;
}

/** A winter's day and a summer's, in epoch seconds: zones may be alike in the one and not in the other. */
const moments = { '2026-01-01 00:00 UTC': 1_767_225_600, '2026-07-01 00:00 UTC': 1_782_864_000 };

/**
 * What a client is told of a TIMESTAMP that sets no zone of its own: by the setting, the variable TZ, the
 * files of the host or the tables of zones.
 */
export async function readZone({ rows }: Session): Promise<Settings> {
  await rows('SET SESSION time_zone = @@GLOBAL.time_zone');
  const out: Settings = {};
  for (const [name, seconds] of Object.entries(moments)) {
    out[`zone of the server, by which ${name}`] = (
      await rows<{ said: string }>('SELECT CAST(FROM_UNIXTIME(?) AS CHAR) AS said', [seconds])
    )[0]!.said;
  }
  await rows("SET SESSION time_zone = '+00:00'");
  return out;
}
