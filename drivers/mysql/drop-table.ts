import type { ResultSetHeader } from 'mysql2';
import type { ActiveFault, Proof } from '../../core/active-fault.ts';
import { announce, ownGtid } from './own-gtid.ts';
import { findTable } from './tables.ts';
import type { MysqlSite } from './site.ts';
import { asClientsMeetIt, withSession } from './session.ts';

/**
 * DROP TABLE, as an operator would type it. The facts hold the GTID of the transaction, as the server reports
 * it to this session.
 */
export async function dropTable(site: MysqlSite, table: string): Promise<ActiveFault> {
  await site.service.assertOwnPath(site.dataFolder);
  const { name, gtid } = await withSession(site, async (session) => {
    const found = await findTable(session, table);
    await announce(site, session);
    await session.rows('SET SESSION lock_wait_timeout = 30');
    // An operator in a hurry; children of the table keep their rows.
    await session.rows('SET SESSION foreign_key_checks = 0');
    const [result] = await session.connection.query<ResultSetHeader>(`DROP TABLE ${found.quoted}`);
    return { name: found, gtid: await ownGtid(site, session, result) };
  });
  const label = `${name.schema}.${name.table}`;
  const seen = (on: MysqlSite): Promise<Proof | null> =>
    withSession(on, async ({ rows }) => {
      const [row] = await rows<{ there: string | number }>(
        'SELECT COUNT(*) AS there FROM information_schema.tables WHERE table_schema = ? AND table_name = ?',
        [name.schema, name.table],
      );
      return Number(row!.there) === 0
        ? {
            what: `another session finds no table ${label} in information_schema`,
            facts: { table: label, gtid },
          }
        : null;
    });
  return {
    facts: { table: label, gtid },
    witness: () => seen(site).catch(() => null),
    stillThere: () => seen(asClientsMeetIt(site)),
    // Nothing to take back: the table comes back by a recovery or not at all.
    undo: {
      name: `undo drop-table of ${site.service.name}`,
      deadlineMs: 1_000,
      run: async () => undefined,
      healed: async () => null,
    },
  };
}
