import type { ResultSetHeader } from 'mysql2';
import type { ActiveFault } from '../../core/active-fault.ts';
import { dropTable as drop } from '../sql/drop-table.ts';
import { announce, ownGtid } from './own-gtid.ts';
import { findTable } from './tables.ts';
import type { MysqlSite } from './site.ts';
import { sqlServer } from './session.ts';

/**
 * By an operator in a hurry; children of the table keep their rows. The facts hold the GTID of the
 * transaction, as the server reports it to this session.
 */
export const dropTable = (site: MysqlSite, name: string): Promise<ActiveFault> =>
  drop(sqlServer(site), {
    drop: async (session) => {
      const table = await findTable(session, name);
      await announce(site, session);
      await session.rows('SET SESSION lock_wait_timeout = 30');
      await session.rows('SET SESSION foreign_key_checks = 0');
      const [result] = await session.connection.query<ResultSetHeader>(`DROP TABLE ${table.quoted}`);
      return { table, at: { gtid: await ownGtid(site, session, result) } };
    },
    catalog: 'information_schema',
    isListed: async ({ rows }, { schema, table }) => {
      const [row] = await rows<{ there: string | number }>(
        'SELECT COUNT(*) AS there FROM information_schema.tables WHERE table_schema = ? AND table_name = ?',
        [schema, table],
      );
      return Number(row!.there) > 0;
    },
  });
