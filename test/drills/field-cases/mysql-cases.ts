/**
 * Restores that failed for people, as they would run them. Each is right when it comes back whole. `says`:
 * words of the timeline.
 */
export interface Restore {
  name: string;
  scenario: 'mysql.dump' | 'mysql.pitr';
  sql: string;
  env?: Record<string, string>;
  exitCode: 0;
  says?: RegExp;
}

export const restores: Restore[] = [
  {
    name: 'F03, a table that only a lax server accepts',
    scenario: 'mysql.dump',
    sql: 'F03',
    exitCode: 0,
    says: /innodb_strict_mode is OFF for the load, ON at the source/,
  },
  {
    name: 'F04, a foreign key to a column that is not unique',
    scenario: 'mysql.dump',
    sql: 'F04',
    exitCode: 0,
    says: /restrict_fk_on_non_standard_key is OFF for the load, ON at the source/,
  },
  {
    name: 'F05, point in time on a server without GTIDs',
    scenario: 'mysql.pitr',
    sql: 'F05',
    env: { CASE_GTID: 'OFF' },
    exitCode: 0,
  },
  { name: 'F05, its control with GTIDs', scenario: 'mysql.pitr', sql: 'F05', exitCode: 0 },
  {
    name: 'F03, where the server of the source is lax itself',
    scenario: 'mysql.dump',
    sql: 'F03',
    env: { CASE_MYSQLD: '--innodb-strict-mode=OFF' },
    exitCode: 0,
  },
  {
    name: 'F04, where the server of the source is lax itself',
    scenario: 'mysql.dump',
    sql: 'F04',
    env: { CASE_MYSQLD: '--restrict-fk-on-non-standard-key=OFF' },
    exitCode: 0,
  },
  {
    name: 'F43, settings that no new server begins with, and an empty schema beside a full one',
    scenario: 'mysql.dump',
    sql: 'F43',
    env: {
      CASE_MYSQLD:
        '--lower-case-table-names=1 --character-set-server=latin1 --collation-server=latin1_german1_ci --sql-mode=ANSI_QUOTES,PIPES_AS_CONCAT --innodb-ft-min-token-size=1',
    },
    exitCode: 0,
    says: /rows of \d+ tables/,
  },
];

const wholeDump =
  'mysqldump -hmysql -uroot --set-gtid-purged=OFF --single-transaction --routines --events app > /backups/app.sql';

/** What people's own scripts lost, and what was compared over nothing. `says`: the inventory's words. */
export interface Inventory {
  name: string;
  scenario: string;
  sql?: string;
  script?: string;
  env?: Record<string, string>;
  exitCode: 0 | 1 | 2;
  says?: RegExp[];
  /** Words of the timeline, from before the fault. */
  told?: RegExp;
}

export const inventories: Inventory[] = [
  {
    name: 'F11, routines and events left out',
    scenario: 'scripts',
    script: 'F11',
    exitCode: 1,
    says: [
      /PROCEDURE app\.raise_prices is missing/,
      /FUNCTION app\.with_tax is missing/,
      /EVENT app\.nightly is missing/,
    ],
  },
  {
    name: 'F11, its control with both',
    scenario: 'scripts',
    script: 'F11',
    env: { CASE_BACKUP: wholeDump },
    exitCode: 0,
  },
  {
    name: 'F12, the exit code of a pipe',
    scenario: 'scripts',
    script: 'F12',
    exitCode: 1,
    says: [/TABLE app\.item is missing/],
  },
  {
    name: 'F14, emoji',
    scenario: 'scripts',
    script: 'F14',
    exitCode: 1,
    says: [/rows of app\.note: 3 rows, and not all as before/],
  },
  {
    name: 'F14, its control in four bytes',
    scenario: 'scripts',
    script: 'F14',
    env: { CASE_BACKUP: wholeDump },
    exitCode: 0,
  },
  {
    name: 'F15, a table in memory beside others',
    scenario: 'mysql.dump',
    sql: 'F15.memory',
    exitCode: 0,
    says: [/rows of app\.hot: 0 rows, 1 before; engine MEMORY keeps nothing over a start/],
  },
  {
    name: 'F15, a table that no snapshot covers, written to while it is dumped',
    scenario: 'F15',
    sql: 'F15',
    exitCode: 1,
    says: [/app\.counter \(MyISAM\) was written to while the dump that was restored was read/],
    told: /no snapshot covers app\.counter \(MyISAM\): what changes during the dump is of another moment than the rest/,
  },
  { name: 'F15, its control in InnoDB', scenario: 'F15', sql: 'F15.innodb', exitCode: 0 },
  { name: 'F17, persisted settings are kept', scenario: 'mysql.dump', sql: 'F17', exitCode: 0 },
  {
    name: 'days that are kept beside moments, restored in another zone than they were written in',
    scenario: 'mysql.dump',
    sql: 'zones',
    env: { CASE_TZ: 'Asia/Tokyo' },
    exitCode: 1,
    says: [
      /rows of app\.visit: 2 rows, and not all as before/,
      /index app\.call_in\.by_day over what is generated: of the same rows it holds other values/,
    ],
  },
  {
    name: 'days that are kept beside moments, in the zone that a dump is loaded in',
    scenario: 'mysql.dump',
    sql: 'zones',
    exitCode: 0,
  },
  { name: 'F39, rows deleted from an empty table', scenario: 'F39', sql: 'F39', exitCode: 2 },
  {
    name: 'F46, a check over nothing',
    scenario: 'F46',
    sql: 'F46',
    exitCode: 2,
    says: [/0 rows of 1 tables were compared/],
  },
];
