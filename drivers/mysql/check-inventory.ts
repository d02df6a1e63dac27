import type { Check, CheckOutcome } from '../../core/driver.ts';
import { messageOf } from '../../core/errors.ts';
import { asJson, inventoryDifferences, takeInventory, type Inventory } from './inventory.ts';
import { serverCode, type Site } from './server.ts';

const shownDifferences = 5;

/** Everything before the load against everything after the recovery. Red for any difference; inconclusive when there is nothing to compare. */
export const inventoryCheck = (site: Site): Check => ({
  before: async () => asJson(await takeInventory(site)),
  after: async (baseline): Promise<CheckOutcome> => {
    if (baseline === null) return { verdict: 'inconclusive', detail: 'no inventory was taken before', facts: null };
    const before = baseline as unknown as Inventory;
    const compared = Object.keys(before.definitions).length;
    let now: Inventory;
    try {
      now = await takeInventory(site);
    } catch (error) {
      // What the server itself refuses to read is a finding; a server that cannot be reached is none.
      const code = serverCode(error);
      return { verdict: code ? 'fail' : 'inconclusive', detail: `the inventory cannot be taken: ${messageOf(error)}`, facts: { code } };
    }
    const differences = inventoryDifferences(before, now);
    const rows = Object.values(now.tables).reduce((sum, table) => sum + table.rows, 0);
    const facts = { definitions: Object.keys(now.definitions).length, tables: Object.keys(now.tables).length, rows, accounts: Object.keys(now.accounts).length, foreignKeys: Object.keys(now.orphans).length, differences };
    if (differences.length > 0) {
      const more = differences.length > shownDifferences ? ` (and ${differences.length - shownDifferences} more)` : '';
      return { verdict: 'fail', detail: `${differences.slice(0, shownDifferences).join('; ')}${more}`, facts };
    }
    if (compared === 0) return { verdict: 'inconclusive', detail: 'there was nothing to compare: no database but the server\'s and Muster\'s own', facts };
    return { verdict: 'pass', detail: `${facts.definitions} definitions, ${rows} rows of ${facts.tables} tables, ${facts.accounts} accounts with their grants, ${facts.foreignKeys} foreign keys and the settings are as before`, facts };
  },
});
