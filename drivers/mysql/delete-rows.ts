import type { ResultSetHeader } from 'mysql2';
import type { ActiveFault } from '../../core/active-fault.ts';
import { chooseByDigest, isChosen, namingColumns, type Choice, type ChosenRows } from '../sql/chosen-rows.ts';
import * as sql from '../sql/delete-rows.ts';
import type { TableName } from '../sql/tables.ts';
import { announce, ownGtid } from './own-gtid.ts';
import { findTable } from './tables.ts';
import type { MysqlSite } from './site.ts';
import { quoted, sqlServer, type Session } from './session.ts';

/** Children of the table keep their rows: nothing but the table that is named is touched. */
export const deleteRows = (site: MysqlSite, spec: Choice): Promise<ActiveFault> =>
  sql.deleteRows(sqlServer(site), spec.table, {
    choose: (session) => chooseRows(session, spec),
    remove: async (session, chosen) => {
      await announce(site, session);
      await session.rows('SET SESSION innodb_lock_wait_timeout = 30');
      await session.rows('SET SESSION foreign_key_checks = 0');
      const [result] = await session.connection.query<ResultSetHeader>(
        `DELETE FROM ${chosen.table.quoted} WHERE ${isChosen(chosen)}`,
      );
      return { deleted: result.affectedRows, facts: { gtid: await ownGtid(site, session, result) } };
    },
  });

/** Null for a table without rows. */
export async function chooseRows(
  session: Session,
  { table: name, share, seed }: Choice,
): Promise<ChosenRows | null> {
  const table = await findTable(session, name);
  // Not MD5: since MySQL 9 it is a component that a server may not have.
  const digest = `SHA2(CONCAT_WS(':', ${seed}, ${(await keyColumns(session, table)).map(quoted).join(', ')}), 256)`;
  return chooseByDigest(session, table, digest, share);
}

async function keyColumns({ rows }: Session, { schema, table }: TableName): Promise<string[]> {
  const columns = await rows<{ name: string; key: string }>(
    'SELECT column_name AS name, column_key AS `key` FROM information_schema.columns WHERE table_schema = ? AND table_name = ? ORDER BY ordinal_position',
    [schema, table],
  );
  return namingColumns(columns.map(({ name, key }) => ({ name, primary: key === 'PRI' })));
}
