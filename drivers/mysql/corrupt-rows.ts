import type { ResultSetHeader } from 'mysql2';
import type { ActiveFault } from '../../core/active-fault.ts';
import { isChosen, type Choice } from '../sql/chosen-rows.ts';
import { changedCharacters, corruptRows as corrupt } from '../sql/corrupt-rows.ts';
import { chooseRows } from './delete-rows.ts';
import { announce, ownGtid } from './own-gtid.ts';
import { findTable } from './tables.ts';
import type { MysqlSite } from './site.ts';
import { quoted, sqlServer, type Session } from './session.ts';

const textTypes = ['char', 'varchar', 'tinytext', 'text', 'mediumtext', 'longtext'];

/**
 * The binary log has it as any other change, with its text, so that whoever looks for the moment finds it.
 */
export function corruptRows(site: MysqlSite, spec: Choice & { column: string }): Promise<ActiveFault> {
  const column = quoted(spec.column);
  return corrupt(sqlServer(site), spec, {
    column: { quoted: column, digest: `SHA2(${column}, 256)` },
    fitting: (session) => fittingColumns(session, spec.table),
    choose: (session) => chooseRows(session, spec),
    change: async (session, chosen) => {
      await announce(site, session, 'with its text');
      await session.rows('SET SESSION innodb_lock_wait_timeout = 30');
      const from = `GREATEST(1, CHAR_LENGTH(${column}) - ${changedCharacters - 1})`;
      const [result] = await session.connection.query<ResultSetHeader>(
        `UPDATE ${chosen.table.quoted} SET ${column} = INSERT(${column}, ${from}, ${changedCharacters}, LEFT(${chosen.digest}, LEAST(${changedCharacters}, CHAR_LENGTH(${column})))) WHERE ${isChosen(chosen)}`,
      );
      return { changed: result.changedRows, facts: { gtid: await ownGtid(site, session, result) } };
    },
  });
}

async function fittingColumns(session: Session, name: string) {
  const table = await findTable(session, name);
  const columns = await session.rows<{ name: string; type: string; generated: string; key: string }>(
    "SELECT column_name AS name, data_type AS type, IFNULL(generation_expression, '') AS `generated`, column_key AS `key` FROM information_schema.columns WHERE table_schema = ? AND table_name = ?",
    [table.schema, table.table],
  );
  const fitting = columns.filter(
    ({ type, generated, key }) => textTypes.includes(type.toLowerCase()) && generated === '' && key === '',
  );
  return { table, columns: fitting.map((one) => one.name), wanted: 'a text column without a key' };
}
