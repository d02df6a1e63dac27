import type { Product } from '../mysql/product.ts';
import { gtids } from './gtids.ts';

/** Rows of open transactions. Which ones, the server tells only where somebody waits for them. */
const rowLocks = `
  SELECT CONCAT('locked rows of ', x.trx_tables_locked, ' tables') AS what,
         IF(x.trx_mysql_thread_id = 0, 'a transaction of no session, as XA PREPARE leaves it',
            CONCAT('an open transaction of session ', x.trx_mysql_thread_id, ' of ', IFNULL(p.user, '?'))) AS \`by\`,
         CONCAT(x.trx_mysql_thread_id, '/', x.trx_started) AS held
    FROM information_schema.innodb_trx x LEFT JOIN information_schema.processlist p ON p.id = x.trx_mysql_thread_id
   WHERE x.trx_mysql_thread_id <> CONNECTION_ID() AND x.trx_state <> 'ROLLING BACK'
     AND (x.trx_rows_locked > 0 OR x.trx_rows_modified > 0) AND IFNULL(p.db, '') NOT IN (?)`;

const derived = `
  SELECT i.table_schema AS s, i.table_name AS t, i.index_name AS i, i.column_name AS c, c.data_type AS type, IFNULL(c.extra LIKE '%VIRTUAL GENERATED%', 0) AS \`virtual\`, NULL AS expression
    FROM information_schema.statistics i LEFT JOIN information_schema.columns c ON c.table_schema = i.table_schema AND c.table_name = i.table_name AND c.column_name = i.column_name
   WHERE i.index_type = 'BTREE' AND i.ignored = 'NO' AND i.table_schema NOT IN (?) ORDER BY s, t, i, i.seq_in_index`;

/** What a loading server has executed it must be told: it keeps it in a table, and counts on from there. */
const nowHolds = (gtid: string): string => `FLUSH PRIVILEGES; SET GLOBAL gtid_slave_pos = '${gtid}'`;

export const mariadb: Product = {
  name: 'MariaDB',
  answers: (version) => /mariadb/i.test(version),
  oldest: [10, 6],
  programs: {
    server: ['mariadbd', 'mysqld'],
    client: ['mariadb', 'mysql'],
    admin: ['mariadb-admin', 'mysqladmin'],
    dump: ['mariadb-dump', 'mysqldump'],
    log: ['mariadb-binlog', 'mysqlbinlog'],
    maker: ['mariadb-install-db', 'mysql_install_db'],
  },
  passwords: ['MARIADB_ROOT_PASSWORD', 'MYSQL_ROOT_PASSWORD'],
  accountsSaid: [
    ['MARIADB_USER', 'MARIADB_PASSWORD'],
    ['MYSQL_USER', 'MYSQL_PASSWORD'],
  ],
  needsNone: ['MARIADB_ALLOW_EMPTY_ROOT_PASSWORD', 'MYSQL_ALLOW_EMPTY_PASSWORD'],
  dataEntry: 'mysql',
  identity: { entry: 'mysql' },
  shut: 'SELECT @@read_only AS shut',
  gtids,
  // Each of its transactions has a GTID, but what a dump holds is told by its place in the log.
  logging: 'SELECT @@log_bin AS gtid, @@log_bin AS log',
  logEnd: 'SHOW MASTER STATUS',
  // Its snapshot knows its place in the log: nobody is locked out for it, and no file is begun.
  dumpOptions: ({ log }) => (log ? ['--master-data=2', '--gtid'] : []),
  databaseDumpOptions: [],
  optionalDumpOptions: ['--dump-history'],
  // What it holds of another server's, or of a restore, is in no log of its own.
  gtidAt: `SELECT IF(pos IS NULL, NULL, CONCAT_WS(',', NULLIF(pos, ''), NULLIF(@@GLOBAL.gtid_slave_pos, ''))) AS gtid
    FROM (SELECT BINLOG_GTID_POS(?, ?) AS pos) AS found`,
  followOptions: (serverId) => [`--stop-never-slave-server-id=${serverId}`],
  tlsOptions: ['--ssl', '--skip-ssl-verify-server-cert'],
  definitionsLock: null,
  carried: ['.my-healthcheck.cnf'],
  // Every folder is a database to it, by hidden names too.
  damagedIn: 'mysql',
  replicates: false,
  persists: false,
  scratch: {
    make: [
      '--auth-root-authentication-method=normal',
      '--skip-test-db',
      '--rpm',
      '--loose-innodb-log-file-size=8M',
    ],
    options: () => ['--loose-galera=OFF'],
    daemonizes: false,
    beforeLoad: null,
    afterLoad: nowHolds,
    // It cannot do without its redo log.
    state: "SELECT '-'; SELECT 'redo log', 'ON'; SELECT @@GLOBAL.gtid_slave_pos",
    logFrom: ({ start }) => `--start-position=${start}`,
    transactionHead:
      '^#[0-9]{6} +[0-9:]+ server id [0-9]+ +end_log_pos [0-9]+ .*GTID [0-9]+-[0-9]+-[0-9]+( |$)',
  },
  history: { from: 'FOR SYSTEM_TIME ALL', columns: ['row_start', 'row_end'] },
  sequences:
    "SELECT table_schema AS s, table_name AS n FROM information_schema.tables WHERE table_type = 'SEQUENCE' AND table_schema NOT IN (?) ORDER BY s, n",
  before: { accounts: [], counters: [] },
  accounts: "SELECT User AS u, Host AS h, is_role = 'Y' AS role FROM mysql.user ORDER BY User, Host",
  stored: 'SELECT CAST(Priv AS CHAR) AS stored FROM mysql.global_priv WHERE User = ? AND Host = ?',
  secondPassword: null,
  extensions: {
    function: 'SELECT name AS n FROM mysql.func',
    plugin: 'SELECT name AS n FROM mysql.plugin',
    'remote server': 'SELECT Server_name AS n FROM mysql.servers',
    'time zone': 'SELECT Name AS n FROM mysql.time_zone_name',
  },
  derived,
  locks: [rowLocks],
  triesLocks: true,
  events: {
    runs: 'IFNULL(UNIX_TIMESTAMP(e.last), 0)',
    join: '',
    underWay:
      "SELECT COUNT(*) AS n FROM information_schema.processlist WHERE command = 'Connect' AND user <> 'unauthenticated user'",
  },
  obstacles: [
    {
      sql: "SELECT CONCAT(table_schema, '.', table_name) AS name FROM information_schema.columns WHERE generation_expression = 'ROW START' AND data_type = 'bigint' AND table_schema NOT IN (?)",
      what: 'the past of tables is told by transactions, which no dump keeps',
      hint: 'ROW START and ROW END as TIMESTAMP(6)',
    },
    {
      sql: "SELECT REPLACE(name, '/', '.') AS name FROM information_schema.innodb_sys_tablespaces WHERE name LIKE '%/%' AND filename NOT LIKE './%' AND SUBSTRING_INDEX(name, '/', 1) NOT IN (?)",
      what: 'tables have their files outside the data folder',
      hint: 'make them without DATA DIRECTORY',
    },
    {
      sql: "SELECT CONCAT(table_schema, '.', table_name) AS name FROM information_schema.tables WHERE create_options REGEXP '`?ENCRYPTED`?=.?YES' AND table_schema NOT IN (?)",
      what: 'tables are encrypted with keys that no server of a restore has',
      hint: 'ALTER TABLE … ENCRYPTED = NO',
    },
  ],
  keyring: false,
  announce: { gtid: null, text: 'SET SESSION binlog_annotate_row_events = ON' },
  lastGtid: 'SELECT @@last_gtid AS gtid',
  recursionBound: 'max_recursive_iterations',
  files: {
    table: `SELECT s.filename AS path, i.index_id AS id, @@innodb_page_size AS bytes
       FROM information_schema.innodb_sys_tables t JOIN information_schema.innodb_sys_indexes i USING (table_id) JOIN information_schema.innodb_sys_tablespaces s ON s.space = t.space
      WHERE t.name = ? AND i.type & 1 = 1 AND s.filename LIKE '%.ibd'`,
    largest: `SELECT REPLACE(s.name, '/', '.') AS name, s.filename AS path FROM information_schema.innodb_sys_tablespaces s
      WHERE s.name LIKE '%/%' AND SUBSTRING_INDEX(s.name, '/', 1) NOT IN (?) AND s.name NOT LIKE '%#%' AND s.filename LIKE './%' ORDER BY s.file_size DESC, s.name LIMIT 1`,
    redo: { name: 'ib_logfile0' },
  },
  // Before 11.6 it takes no other name for a table that rows are deleted from.
  deleteById: (table) => `DELETE FROM ${table} USING ${table} FORCE INDEX (id) WHERE id`,
};
