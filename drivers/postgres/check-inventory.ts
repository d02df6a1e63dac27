import type { Check, CheckOutcome } from '../../core/driver.ts';
import { messageOf } from '../../core/errors.ts';
import { locksThatStay } from './held-locks.ts';
import { asJson, lookJustBefore, takeInventory, type Inventory, type JustBefore } from './inventory.ts';
import { compareInventories, gone } from './inventory-differences.ts';
import { serverCode, type PostgresSite } from './server.ts';

const shownDifferences = 5;
const shownRemarks = 8;

const listed = (all: readonly string[], most: number): string =>
  `${all.slice(0, most).join('; ')}${all.length > most ? ` (and ${all.length - most} more)` : ''}`;

/**
 * Everything before the load against everything after the recovery. Red for any difference; inconclusive
 * where nothing was there to compare. What an older backup rightly brings back is said, and is no difference.
 */
export const inventoryCheck = (site: PostgresSite): Check => ({
  before: async () => asJson(await takeInventory(site)),
  justBefore: async () => asJson(await lookJustBefore(site)),
  after: async (baseline, _brokenAtMs, justBefore): Promise<CheckOutcome> => {
    if (baseline === null)
      return { verdict: 'inconclusive', detail: 'no inventory was taken before', facts: null };
    const last = (justBefore ?? null) as unknown as JustBefore | null;
    try {
      // First: an inventory of a table that somebody locks waits for ever.
      const held = await locksThatStay(site, last?.held ?? []);
      if (held.length > 0)
        return {
          verdict: 'fail',
          gone: held,
          detail: listed(held, shownDifferences),
          facts: { differences: held },
        };
      return judged(baseline as unknown as Inventory, last, await takeInventory(site));
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

function judged(before: Inventory, justBefore: JustBefore | null, now: Inventory): CheckOutcome {
  const { differences, remarks } = compareInventories(before, justBefore?.sequences ?? null, now);
  const facts = { ...counted(now), differences, remarks };
  const said = remarks.length > 0 ? `. Beside that: ${listed(remarks, shownRemarks)}` : '';
  if (differences.length > 0)
    return {
      verdict: 'fail',
      gone: gone(before, now),
      detail: `${listed(differences, shownDifferences)}${said}`,
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
    detail: `${facts.definitions} definitions, ${facts.rows} rows of ${facts.tables} tables, ${facts.sequences} sequences, ${facts.roles} roles with their passwords and rights, and ${facts.settings} settings are as before${said}`,
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
  sequences: size(now.sequences),
  roles: size(now.roles),
  settings: size(now.settings),
});
