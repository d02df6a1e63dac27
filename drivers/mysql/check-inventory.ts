import type { Check, CheckOutcome } from '../../core/driver.ts';
import * as sql from '../sql/check-inventory.ts';
import { goneOf } from '../sql/inventory-differences.ts';
import { compareLeftOut } from '../sql/left-out.ts';
import { locksThatStay } from './held-locks.ts';
import { lookJustBefore, takeInventory, type Inventory, type JustBefore } from './inventory.ts';
import { compareInventories, keepsNothing } from './inventory-differences.ts';
import type { Unread } from './inventory-reading.ts';
import {
  awaitEvents,
  readLastTimes,
  readOver,
  readSchedule,
  type LastTimes,
  type Ran,
} from './scheduled-events.ts';
import { tornWords } from './torn.ts';
import type { MysqlSite } from './site.ts';
import { serverCode, withSession } from './session.ts';

type Baseline = Inventory & { lastTimes: LastTimes };

/**
 * Red for any difference; inconclusive where nothing was there to compare, or not all of it could be read or
 * told from another.
 * Events that run within a minute are waited for, and everything is looked at again. What an older backup
 * rightly brings back is said, and is no difference.
 */
export const inventoryCheck = (site: MysqlSite): Check =>
  sql.inventoryCheck<Baseline, JustBefore>({
    reach: () => withSession(site, async () => undefined),
    take: async () => {
      const lastTimes = await readLastTimes(site);
      return { ...(await takeInventory(site)), lastTimes };
    },
    lookJustBefore: () => lookJustBefore(site),
    compare: (before, justBefore) => compareNow(site, before, justBefore),
    serverCode,
  });

async function compareNow(
  site: MysqlSite,
  before: Baseline,
  justBefore: JustBefore | null,
): Promise<CheckOutcome> {
  // First: an inventory of a table that somebody locks waits for ever.
  const unread: Unread = new Set(before.unread);
  const locked = sql.lockedOutcome(await locksThatStay(site, justBefore?.held ?? [], unread));
  if (locked) return locked;
  const schedule = await readSchedule(site, unread);
  const all = { ...before, unread: [...unread] };
  const first = await takeInventory(site);
  const over = await readOver(site, before.lastTimes);
  const atFirst = judged(site, all, justBefore, first, { ...nobodyRan, over });
  if (atFirst.verdict === 'fail') return atFirst;
  // What stood at the first look may be eaten by an event, which nobody has to call.
  const events = await awaitEvents(site, schedule);
  const last = events.mayHaveWritten ? await takeInventory(site) : first;
  return judged(site, all, justBefore, last, { ...events, over });
}

/** `over`: events whose last time had come by the first look. */
type Events = Ran & { over: string[] };
const nobodyRan: Ran = { ran: [], unseen: [], mayHaveWritten: false };

function judged(
  { config, restored }: MysqlSite,
  before: Inventory,
  justBefore: JustBefore | null,
  now: Inventory,
  { ran, unseen, over }: Events,
): CheckOutcome {
  const compared = compareInventories(before, justBefore, now);
  // One that happens once is gone, or switched off, when it has happened.
  const ofThose = (names: readonly string[]): string[] =>
    names.flatMap((name) => [
      `definition of EVENT ${name} is missing`,
      `definition of EVENT ${name}: another definition`,
    ]);
  const isOver = (name: string): boolean =>
    ofThose([name]).some((one) => compared.differences.includes(one)) && !ran.includes(name);
  const remarks = [
    ...compared.remarks,
    ...unseen,
    ...over.filter(isOver).map((name) => `event ${name} was due meanwhile, and is gone or off since`),
  ];
  const byRight = ofThose([...ran, ...over]);
  const differences = [...tornWords(restored.torn), ...compared.differences].filter(
    (one) => !byRight.includes(one),
  );
  const unread = [...new Set([...before.unread, ...now.unread])];
  const counts = counted(now);
  return sql.outcomeOf({
    differences,
    remarks,
    untold: compared.untold,
    counts,
    facts: { unread, ...(ran.length > 0 ? { eventsSeen: ran } : {}) },
    rowsBefore: sql.rowsOf(before),
    leftOut: compareLeftOut(before.leftOut, justBefore?.leftOut ?? null, now.leftOut, (table) =>
      config.drainedTables.includes(table) ? 'the application empties it' : keepsNothing(before, now, table),
    ),
    gone: () => gone(before, now),
    since: since(ran),
    doubt: (said) => {
      if (sql.size(before.definitions) === 0)
        return {
          detail: "there was nothing to compare: no database but the server's and Muster's own",
          nothing: true,
        };
      const doubt = sql.strangersDoubt(before.strangers, now.strangers, 'config.database');
      if (doubt !== null) return { detail: `${doubt}${said}` };
      if (unread.length === 0) return null;
      return {
        detail: `this account cannot read ${sql.listed(unread, sql.shownDifferences)}; the rest is as before${said}`,
      };
    },
    asBefore: `${counts.definitions} definitions, ${counts.rows} rows of ${counts.tables} tables, ${counts.accounts} accounts with their grants, ${counts.foreignKeys} foreign keys and the settings`,
  });
}

/** How much of everything there is: what a pass rests on. */
const counted = (now: Inventory) => ({
  definitions: sql.size(now.definitions),
  tables: sql.size(now.tables),
  rows: sql.rowsOf(now),
  accounts: sql.size(now.accounts),
  foreignKeys: sql.size(now.orphans),
  counters: sql.size(now.counters),
  views: sql.size(now.views),
  fullTextIndexes: sql.size(now.fulltext),
  persistedSettings: sql.size(now.persisted),
});

const since = (ran: readonly string[]): string =>
  ran.length > 0
    ? `all was as before until ${ran.length > 1 ? 'events' : 'event'} ${sql.listed(ran, sql.shownDifferences)} ran: `
    : '';

/** What is of no use to an application any more, in words. */
function gone(before: Inventory, now: Inventory): string[] {
  if (now.unread.length > before.unread.length) return [];
  // A table in memory is emptied by a start.
  const schemaIn =
    ({ otherEngines }: Inventory) =>
    (table: string): string | null =>
      otherEngines[table] === 'MEMORY' ? null : table.split('.')[0]!;
  return goneOf(before, now, schemaIn(before), schemaIn(now));
}
