import type { ActiveFault } from '../../core/active-fault.ts';
import { labelOf } from '../sql/tables.ts';
import { isOwnTable, ownSchemas } from './own-tables.ts';
import type { MysqlSite } from './site.ts';
import { asClientsMeetIt, withSession, type Session } from './session.ts';

/** Tables of applications; Muster's own come and go with the load, and the ledger judges each row. */
const applicationTables = async (site: MysqlSite, { rows }: Session): Promise<string[]> => {
  const found = await rows<{ schema: string; table: string }>(
    "SELECT table_schema AS `schema`, table_name AS `table` FROM information_schema.tables WHERE table_type IN ('BASE TABLE', 'SYSTEM VERSIONED') AND table_schema NOT IN (?)",
    [ownSchemas(site)],
  );
  return found.filter((one) => !isOwnTable(site, one)).map(labelOf);
};

/**
 * Notes which tables applications have, before a fault takes all of them. Asked again at the end where
 * clients go, wherever that is by then: there while not one of them is back. Nothing is asked of a server
 * that has none, or does not answer as the fault begins.
 */
export async function askForLostTables(site: MysqlSite): Promise<Pick<ActiveFault, 'stillThere'>> {
  const before = await withSession(site, (session) => applicationTables(site, session)).catch(() => []);
  if (before.length === 0) return {};
  return {
    stillThere: async () => {
      const now = new Set(
        await withSession(asClientsMeetIt(site), (session) => applicationTables(site, session)),
      );
      if (before.some((name) => now.has(name))) return null;
      return {
        what: `of ${before.length} tables of applications clients find none`,
        facts: { tablesBefore: before.length },
      };
    },
  };
}
