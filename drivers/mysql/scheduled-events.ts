import { pollUntil } from '../../core/clock.ts';
import { formatDuration } from '../../core/units.ts';
import { ownDatabase } from './config.ts';
import { readable, type Unread } from './inventory-reading.ts';
import type { Product } from './product.ts';
import type { MysqlSite } from './site.ts';
import { withSession, type Session } from './session.ts';

/**
 * `dueInS`: until the scheduler runs it next, null where that is not known. `runs`: how often it has ended
 * since the server started.
 */
interface Scheduled {
  dueInS: number | null;
  runs: number;
}
/** The events that the scheduler would run, by name, and how many are under way. None where it is off. */
export interface Schedule {
  events: ReadonlyMap<string, Scheduled>;
  underWay: number;
}

/** An event that is due within this is waited for: every minute is the shortest schedule that is usual. */
const patienceS = 60;
/** For those that were waited for to end, beside that. */
const endingMs = 30_000;
const lookEveryMs = 250;

const inSeconds =
  "CASE interval_field WHEN 'SECOND' THEN 1 WHEN 'MINUTE' THEN 60 WHEN 'HOUR' THEN 3600 WHEN 'DAY' THEN 86400 WHEN 'WEEK' THEN 604800 END * interval_value";
const inMonths =
  "CASE interval_field WHEN 'MONTH' THEN 1 WHEN 'QUARTER' THEN 3 WHEN 'YEAR' THEN 12 END * interval_value";

/**
 * Times of an event are those of its own zone: `here` is now, there. An interval such as `'1:30'
 * MINUTE_SECOND` is in neither unit.
 */
const enabledEvents = ({ events }: Product): string => `
  SELECT CONCAT(e.s, '.', e.n) AS name, e.due AS dueInS, ${events.runs} AS runs
    FROM (SELECT s, n, last, CASE WHEN event_type = 'ONE TIME' THEN TIMESTAMPDIFF(SECOND, here, execute_at)
                            WHEN starts > here THEN TIMESTAMPDIFF(SECOND, here, starts)
                            WHEN every_s > 0 THEN every_s - MOD(TIMESTAMPDIFF(SECOND, starts, here), every_s)
                            WHEN every_m > 0 THEN TIMESTAMPDIFF(SECOND, here, DATE_ADD(starts, INTERVAL (TIMESTAMPDIFF(MONTH, starts, here) DIV every_m + 1) * every_m MONTH)) END AS due
            FROM (SELECT event_schema AS s, event_name AS n, event_type, execute_at, starts, last_executed AS last, ${inSeconds} AS every_s, ${inMonths} AS every_m, CONVERT_TZ(UTC_TIMESTAMP(), '+00:00', time_zone) AS here
                    FROM information_schema.events WHERE status = 'ENABLED' AND event_schema <> ? AND @@GLOBAL.event_scheduler = 'ON') AS listed) AS e
    ${events.join}`;

/**
 * Of each enabled event that does not go on for ever, by name: when it happens for the last time, in seconds
 * of UTC since 1970. It is gone, or off, from then on.
 */
export type LastTimes = Record<string, number>;
const lastTimes = `
  SELECT name, TIMESTAMPDIFF(SECOND, '1970-01-01', CONVERT_TZ(CASE
           WHEN event_type = 'ONE TIME' THEN execute_at
           WHEN every_s > 0 THEN starts + INTERVAL TIMESTAMPDIFF(SECOND, starts, ends) DIV every_s * every_s SECOND
           WHEN every_m > 0 THEN starts + INTERVAL TIMESTAMPDIFF(MONTH, starts, ends) DIV every_m * every_m MONTH
           ELSE ends END, time_zone, '+00:00')) AS last
    FROM (SELECT CONCAT(event_schema, '.', event_name) AS name, event_type, execute_at, starts, ends, time_zone, ${inSeconds} AS every_s, ${inMonths} AS every_m
            FROM information_schema.events WHERE status = 'ENABLED' AND event_schema <> ? AND @@GLOBAL.event_scheduler = 'ON') AS listed
  HAVING last IS NOT NULL`;

export const readLastTimes = (site: MysqlSite): Promise<LastTimes> =>
  withSession(site, async ({ rows }) => {
    const found = await rows<{ name: string; last: string | number }>(lastTimes, [ownDatabase]);
    return Object.fromEntries(found.map(({ name, last }) => [name, Number(last)]));
  });

/** Those whose last time has come, and that are not enabled now. */
export const readOver = (site: MysqlSite, last: LastTimes): Promise<string[]> =>
  withSession(site, async ({ rows }) => {
    if (Object.keys(last).length === 0) return [];
    const [now] = await rows<{ s: string | number }>(
      "SELECT TIMESTAMPDIFF(SECOND, '1970-01-01', UTC_TIMESTAMP()) AS s",
    );
    const enabled = await rows<{ name: string }>(
      "SELECT CONCAT(event_schema, '.', event_name) AS name FROM information_schema.events WHERE status = 'ENABLED'",
    );
    const names = new Set(enabled.map(({ name }) => name));
    return Object.keys(last).filter((name) => last[name]! <= Number(now!.s) && !names.has(name));
  });

async function read({ rows }: Session, product: Product, own: string): Promise<Schedule> {
  const found = await rows<{ name: string; dueInS: string | number | null; runs: string | number }>(
    enabledEvents(product),
    [own],
  );
  if (found.length === 0) return { events: new Map(), underWay: 0 };
  const [workers] = await rows<{ n: string | number }>(product.events.underWay);
  const events = new Map(
    found.map(({ name, dueInS, runs }) => [
      name,
      { dueInS: dueInS === null ? null : Number(dueInS), runs: Number(runs) },
    ]),
  );
  return { events, underWay: Number(workers!.n) };
}

export const readSchedule = (site: MysqlSite, unread: Unread): Promise<Schedule> =>
  withSession(
    site,
    async (session) =>
      (await readable(unread, 'when events run', () => read(session, site.product, ownDatabase))) ?? {
        events: new Map(),
        underWay: 0,
      },
  );

/**
 * `ran`: by name, what ended after `before` was read. `unseen`: in words, what nobody saw run.
 * `mayHaveWritten`: something ran, or was waited for.
 */
export interface Ran {
  ran: string[];
  unseen: string[];
  mayHaveWritten: boolean;
}

const isDueSoon = ({ dueInS }: Scheduled): boolean => dueInS === null || dueInS <= patienceS;

/**
 * Waits until every event that is due soon has run, and none is under way: a minute and a half at most, and
 * not at all where none is. An event that is gone ran for the last time.
 */
export async function awaitEvents(site: MysqlSite, before: Schedule): Promise<Ran> {
  const none: Unread = new Set();
  const first = await readSchedule(site, none);
  const hasRun = (now: Schedule, name: string, since: Schedule): boolean =>
    now.events.get(name)?.runs !== since.events.get(name)?.runs;
  const soon = [...first.events].filter(([, one]) => isDueSoon(one)).map(([name]) => name);
  let last = first;
  const someAreAwaited = soon.length > 0 || first.underWay > 0;
  if (someAreAwaited) {
    const longestS = Math.max(...soon.map((name) => first.events.get(name)!.dueInS ?? patienceS), 0);
    let over = 0;
    // Between an event's time and its start nothing is under way for a moment: the same must be seen twice.
    await pollUntil(
      site.clock,
      { everyMs: lookEveryMs, deadlineMs: longestS * 1_000 + endingMs },
      async () => {
        last = await readSchedule(site, none);
        over = last.underWay === 0 && soon.every((name) => hasRun(last, name, first)) ? over + 1 : 0;
        return over > 1;
      },
    );
  }
  const names = [...new Set([...before.events.keys(), ...first.events.keys()])];
  const ran = names.filter((name) => hasRun(last, name, before));
  const unseen = [...last.events]
    .filter(([name]) => !ran.includes(name))
    .map(
      ([name, one]) => `event ${name} ${whenDue(one, soon.includes(name))}: what it does then was not seen`,
    );
  return { ran, unseen, mayHaveWritten: someAreAwaited || ran.length > 0 };
}

function whenDue({ dueInS }: Scheduled, wasAwaited: boolean): string {
  if (wasAwaited) return 'was due and was not seen to end';
  return `runs next in ${formatDuration(dueInS! * 1_000)}`;
}
