import type { Check, CheckOutcome } from '../../core/driver.ts';
import { messageOf } from '../../core/errors.ts';
import { locksThatStay } from './held-locks.ts';
import { asJson, lookJustBefore, takeInventory, type Inventory, type JustBefore } from './inventory.ts';
import { compareInventories } from './inventory-differences.ts';
import type { Unread } from './inventory-reading.ts';
import {
  awaitEvents,
  readLastTimes,
  readOver,
  readSchedule,
  type LastTimes,
  type Ran,
} from './scheduled-events.ts';
import { tornWords, type Torn } from './torn.ts';
import type { MysqlSite } from './site.ts';
import { serverCode } from './session.ts';

const shownDifferences = 5;
const shownRemarks = 8;

const listed = (all: readonly string[], most: number): string =>
  `${all.slice(0, most).join('; ')}${all.length > most ? ` (and ${all.length - most} more)` : ''}`;

/**
 * Everything before the load against everything after the recovery. Red for any difference; inconclusive
 * where nothing was there to compare, or not all of it could be read. Events that run within a minute are
 * waited for, and everything is looked at again. What an older backup rightly brings back is said, and is no
 * difference.
 */
export const inventoryCheck = (site: MysqlSite): Check => ({
  before: async () => {
    const lastTimes = await readLastTimes(site);
    return asJson({ ...(await takeInventory(site)), lastTimes });
  },
  justBefore: async () => asJson(await lookJustBefore(site)),
  after: async (baseline, _brokenAtMs, justBefore): Promise<CheckOutcome> => {
    if (baseline === null)
      return { verdict: 'inconclusive', detail: 'no inventory was taken before', facts: null };
    const before = baseline as unknown as Baseline;
    const last = (justBefore ?? null) as unknown as JustBefore | null;
    try {
      // First: an inventory of a table that somebody locks waits for ever.
      const unread: Unread = new Set(before.unread);
      const held = await locksThatStay(site, last?.held ?? [], unread);
      if (held.length > 0)
        return {
          verdict: 'fail',
          gone: held,
          detail: listed(held, shownDifferences),
          facts: { differences: held },
        };
      const schedule = await readSchedule(site, unread);
      const all = { ...before, unread: [...unread] };
      const first = await takeInventory(site);
      const over = await readOver(site, before.lastTimes);
      const atFirst = judged(all, last, first, site.restored.torn, { ...nobodyRan, over });
      if (atFirst.verdict === 'fail') return atFirst;
      // What stood at the first look may be eaten by an event, which nobody has to call.
      const events = await awaitEvents(site, schedule);
      return judged(
        all,
        last,
        events.mayHaveWritten ? await takeInventory(site) : first,
        site.restored.torn,
        { ...events, over },
      );
    } catch (error) {
      // What the server itself refuses to read is a finding; a server that cannot be reached is none.
      const code = serverCode(error);
      return {
        verdict: code ? 'fail' : 'inconclusive',
        detail: `the inventory cannot be taken: ${messageOf(error)}`,
        facts: { code },
      };
    }
  },
});

type Baseline = Inventory & { lastTimes: LastTimes };
/** `over`: events whose last time had come by the first look. */
type Events = Ran & { over: string[] };
const nobodyRan: Ran = { ran: [], unseen: [], mayHaveWritten: false };

function judged(
  before: Inventory,
  justBefore: JustBefore | null,
  now: Inventory,
  torn: Torn,
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
  const differences = [...tornWords(torn), ...compared.differences].filter((one) => !byRight.includes(one));
  const unread = [...new Set([...before.unread, ...now.unread])];
  const facts = {
    ...counted(now),
    differences,
    remarks,
    unread,
    ...(ran.length > 0 ? { eventsSeen: ran } : {}),
  };
  const said = remarks.length > 0 ? `. Beside that: ${listed(remarks, shownRemarks)}` : '';
  if (differences.length > 0)
    return {
      verdict: 'fail',
      gone: gone(before, now),
      detail: `${after(ran)}${listed(differences, shownDifferences)}${said}`,
      facts,
    };
  if (size(before.definitions) === 0)
    return {
      verdict: 'inconclusive',
      detail: "there was nothing to compare: no database but the server's and Muster's own",
      facts,
      nothing: true,
    };
  if (unread.length > 0)
    return {
      verdict: 'inconclusive',
      detail: `this account cannot read ${listed(unread, shownDifferences)}; the rest is as before${said}`,
      facts,
    };
  if (rowsOf(before) === 0)
    return {
      verdict: 'inconclusive',
      detail: `0 rows of ${facts.tables} tables were compared: none could have been missed${said}`,
      facts,
      nothing: true,
    };
  return {
    verdict: 'pass',
    detail: `${facts.definitions} definitions, ${facts.rows} rows of ${facts.tables} tables, ${facts.accounts} accounts with their grants, ${facts.foreignKeys} foreign keys and the settings are as before${said}`,
    facts,
  };
}

const size = (of: object): number => Object.keys(of).length;
const rowsOf = ({ tables }: Inventory): number =>
  Object.values(tables).reduce((sum, table) => sum + table.rows, 0);

/** How much of everything there is: what a pass rests on. */
const counted = (now: Inventory) => ({
  definitions: size(now.definitions),
  tables: size(now.tables),
  rows: rowsOf(now),
  accounts: size(now.accounts),
  foreignKeys: size(now.orphans),
  counters: size(now.counters),
  views: size(now.views),
  fullTextIndexes: size(now.fulltext),
  persistedSettings: size(now.persisted),
});

const after = (ran: readonly string[]): string =>
  ran.length > 0
    ? `all was as before until ${ran.length > 1 ? 'events' : 'event'} ${listed(ran, shownDifferences)} ran: `
    : '';

/**
 * Tables and databases that are missing, and databases of which every table that is compared lost all its
 * rows.
 */
function gone(before: Inventory, now: Inventory): string[] {
  if (now.unread.length > before.unread.length) return [];
  const missing = Object.keys(before.definitions).filter(
    (name) => /^(DATABASE|TABLE) /.test(name) && !Object.hasOwn(now.definitions, name),
  );
  const rowsBySchema = ({ tables, otherEngines }: Inventory): Map<string, number> => {
    const rows = new Map<string, number>();
    for (const [name, table] of Object.entries(tables)) {
      if (otherEngines[name] === 'MEMORY') continue;
      const [schema] = name.split('.') as [string];
      rows.set(schema, (rows.get(schema) ?? 0) + table.rows);
    }
    return rows;
  };
  const left = rowsBySchema(now);
  const emptied = [...rowsBySchema(before)]
    .filter(([schema, rows]) => rows > 0 && left.get(schema) === 0)
    .map(([schema]) => schema);
  return [
    ...missing.map((name) => `${name} is missing`),
    ...emptied.map((schema) => `every table of ${schema} is empty`),
  ];
}
