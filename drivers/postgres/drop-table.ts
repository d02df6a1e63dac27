import type { ActiveFault } from '../../core/active-fault.ts';
import { dropTable as drop } from '../sql/drop-table.ts';
import { serverCode, sqlServer, type PostgresSite } from './server.ts';
import { findTable } from './tables.ts';
import { waitForLocks } from './wait-for-locks.ts';

const othersDependOnIt = '2BP01';

/**
 * With CASCADE once the server says that views or foreign keys of others depend on it. The facts hold where
 * the log stood right after.
 */
export const dropTable = (site: PostgresSite, name: string): Promise<ActiveFault> =>
  drop(sqlServer(site), {
    drop: async (session) => {
      const table = await findTable(session, name);
      await session.rows(waitForLocks);
      const cascade = await session.rows(`DROP TABLE ${table.quoted}`).then(
        () => false,
        async (error: unknown) => {
          if (serverCode(error) !== othersDependOnIt) throw error;
          await session.rows(`DROP TABLE ${table.quoted} CASCADE`);
          return true;
        },
      );
      const [log] = await session.rows<{ lsn: string }>('SELECT pg_current_wal_lsn() AS lsn');
      return { table, at: { lsn: log!.lsn }, how: { cascade } };
    },
    catalog: 'pg_class',
    isListed: async ({ rows }, { schema, table }) => {
      const [row] = await rows<{ there: string }>(
        'SELECT count(*) AS there FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = $1 AND c.relname = $2',
        [schema, table],
      );
      return row!.there !== '0';
    },
  });
