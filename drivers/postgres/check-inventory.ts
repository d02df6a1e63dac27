import type { Check, CheckOutcome } from '../../core/driver.ts';
import * as sql from '../sql/check-inventory.ts';
import { compareLeftOut } from '../sql/left-out.ts';
import { locksThatStay } from './held-locks.ts';
import { lookJustBefore, takeInventory, type Inventory, type JustBefore } from './inventory.ts';
import { compareInventories, gone, keepsNothing } from './inventory-differences.ts';
import { serverCode, withSession, type PostgresSite } from './server.ts';

/**
 * Red for any difference; inconclusive where nothing was there to compare, or not all of it could be told
 * from another. What an older backup rightly
 * brings back is said, and is no difference.
 */
export const inventoryCheck = (site: PostgresSite): Check =>
  sql.inventoryCheck<Inventory, JustBefore>({
    reach: () => withSession(site, async () => undefined),
    take: () => takeInventory(site),
    lookJustBefore: () => lookJustBefore(site),
    compare: async (before, justBefore) =>
      // First: an inventory of a table that somebody locks waits for ever.
      sql.lockedOutcome(await locksThatStay(site, justBefore?.held ?? [])) ??
      judged(site, before, justBefore, await takeInventory(site)),
    serverCode,
  });

function judged(
  { config }: PostgresSite,
  before: Inventory,
  justBefore: JustBefore | null,
  now: Inventory,
): CheckOutcome {
  const counts = counted(now);
  return sql.outcomeOf({
    ...compareInventories(before, justBefore?.sequences ?? null, now),
    counts,
    rowsBefore: sql.rowsOf(before),
    leftOut: compareLeftOut(before.leftOut, justBefore?.leftOut ?? null, now.leftOut, (table) =>
      config.drainedTables.includes(table) ? 'the application empties it' : keepsNothing(before, now, table),
    ),
    gone: () => gone(before, now),
    doubt: (said) => {
      const doubt = sql.strangersDoubt(before.strangers, now.strangers, 'config.schema');
      return doubt === null ? null : { detail: `${doubt}${said}` };
    },
    asBefore: `${counts.definitions} definitions, ${counts.rows} rows of ${counts.tables} tables, ${counts.sequences} sequences, ${counts.roles} roles with their passwords and rights, and ${counts.settings} settings`,
  });
}

/** How much of everything there is: what a pass rests on. */
const counted = (now: Inventory) => ({
  definitions: sql.size(now.definitions),
  tables: sql.size(now.tables),
  rows: sql.rowsOf(now),
  sequences: sql.size(now.sequences),
  roles: sql.size(now.roles),
  settings: sql.size(now.settings),
});
