import { environmentError } from '../../core/errors.ts';
import type { DataFolder } from '../../core/fault.ts';
import { serverSchemas } from './config.ts';
import { askForLostTables } from './lost-tables.ts';
import { findTable } from './tables.ts';
import type { MysqlSite } from './site.ts';
import { withSession } from './session.ts';

/**
 * MySQL's data folder. Its data file is that of the largest table of the applications, its log the redo log
 * that is written to. The server ends in order around damage to a table, because a page that it finds damaged
 * while it recovers from a crash it takes from the doublewrite files instead; damage to the redo log shows
 * only when it is needed, after a crash.
 */
export const mysqlVolume = (site: MysqlSite): DataFolder => ({
  service: site.service,
  folder: site.dataFolder,
  file: async (kind) =>
    `${site.dataFolder}/${await (kind === 'data' ? largestTable(site) : currentRedo(site))}`,
  restartBy: (kind) => (kind === 'data' ? 'stop' : 'kill'),
  aboutToLose: () => askForLostTables(site),
});

/** Relative path of the file, once everything that waited in memory for it is written. */
const largestTable = (site: MysqlSite): Promise<string> =>
  withSession(site, async (session) => {
    const [row] = await session.rows<{ name: string; path: string }>(site.product.files.largest, [
      serverSchemas,
    ]);
    if (!row)
      throw environmentError('there is no table with a file of its own in the data folder', {
        expected: 'an InnoDB table with innodb_file_per_table',
      });
    await session.rows('SET SESSION lock_wait_timeout = 10');
    await session.rows(`FLUSH TABLES ${(await findTable(session, row.name)).quoted} FOR EXPORT`);
    await session.rows('UNLOCK TABLES');
    return row.path.slice(2);
  });

const currentRedo = (site: MysqlSite): Promise<string> =>
  withSession(site, async ({ rows }) => {
    const { redo } = site.product.files;
    if ('name' in redo) return redo.name;
    const [row] = await rows<{ path: string }>(redo.sql);
    if (!row)
      throw environmentError('the server names no redo log', {
        found: 'nothing in performance_schema.innodb_redo_log_files',
        expected: 'the performance schema, and the redo log switched on',
      });
    return row.path.replace(/^\.\//, '');
  });
