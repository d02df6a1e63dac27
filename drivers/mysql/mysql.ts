import { gtidSet, parseGtid } from './gtid.ts';
import type { Product } from './product.ts';

/** How often an event ended, since the server started. */
const runsOfEvents =
  "LEFT JOIN performance_schema.events_statements_summary_by_program p ON p.object_type = 'EVENT' AND p.object_schema = e.s AND p.object_name = e.n";

/**
 * Tables locked by LOCK TABLES or by a definition that never ends, and the whole server by FLUSH TABLES WITH
 * READ LOCK or LOCK INSTANCE FOR BACKUP. A transaction that only reads or writes a table holds another kind.
 */
const metadataLocks = `
  SELECT DISTINCT CONCAT(m.lock_type, ' lock on ', IF(m.object_type = 'TABLE', CONCAT(m.object_schema, '.', m.object_name), m.object_type)) AS what,
         CONCAT('session ', t.processlist_id, ' of ', t.processlist_user, '@', IFNULL(t.processlist_host, '')) AS \`by\`,
         CONCAT(t.processlist_id, '/', IFNULL(m.owner_event_id, 0)) AS held
    FROM performance_schema.metadata_locks m JOIN performance_schema.threads t ON t.thread_id = m.owner_thread_id
   WHERE m.lock_status = 'GRANTED' AND t.processlist_id <> CONNECTION_ID()
     AND ((m.object_type = 'TABLE' AND m.object_schema NOT IN (?)
           AND m.lock_type IN ('SHARED_READ_ONLY', 'SHARED_NO_WRITE', 'SHARED_NO_READ_WRITE', 'EXCLUSIVE'))
       OR (m.object_type IN ('GLOBAL', 'COMMIT', 'BACKUP LOCK') AND m.lock_type = 'SHARED' AND m.lock_duration = 'EXPLICIT'))`;

/** Rows of transactions that are open, of no session where one was prepared for two phases and left. */
const rowLocks = `
  SELECT DISTINCT CONCAT('locked rows of ', l.object_schema, '.', l.object_name) AS what,
         IF(x.trx_mysql_thread_id = 0, 'a transaction of no session, as XA PREPARE leaves it',
            CONCAT('an open transaction of session ', x.trx_mysql_thread_id, ' of ', IFNULL(t.processlist_user, '?'))) AS \`by\`,
         CONCAT(x.trx_mysql_thread_id, '/', x.trx_started) AS held
    FROM information_schema.innodb_trx x
    JOIN performance_schema.data_locks l ON l.engine_transaction_id = x.trx_id
    LEFT JOIN performance_schema.threads t ON t.processlist_id = x.trx_mysql_thread_id
   WHERE x.trx_mysql_thread_id <> CONNECTION_ID() AND x.trx_state <> 'ROLLING BACK'
     AND l.lock_status = 'GRANTED' AND l.lock_mode <> 'IS' AND l.object_schema NOT IN (?)`;

const derived = `
  SELECT i.table_schema AS s, i.table_name AS t, i.index_name AS i, i.column_name AS c, c.data_type AS type, IFNULL(c.extra LIKE '%VIRTUAL GENERATED%', 0) AS \`virtual\`, i.expression AS expression
    FROM information_schema.statistics i LEFT JOIN information_schema.columns c ON c.table_schema = i.table_schema AND c.table_name = i.table_name AND c.column_name = i.column_name
   WHERE i.index_type = 'BTREE' AND i.is_visible = 'YES' AND i.table_schema NOT IN (?) ORDER BY s, t, i, i.seq_in_index`;

export const mysql: Product = {
  name: 'MySQL',
  answers: (version) => !/mariadb/i.test(version),
  oldest: [8, 0],
  programs: {
    server: ['mysqld'],
    client: ['mysql'],
    admin: ['mysqladmin'],
    dump: ['mysqldump'],
    log: ['mysqlbinlog'],
    maker: ['mysqld'],
  },
  passwords: ['MYSQL_ROOT_PASSWORD'],
  accountsSaid: [['MYSQL_USER', 'MYSQL_PASSWORD']],
  needsNone: ['MYSQL_ALLOW_EMPTY_PASSWORD'],
  dataEntry: 'auto.cnf',
  identity: { sql: 'SELECT @@server_uuid AS uuid' },
  shut: 'SELECT @@super_read_only + @@read_only + @@offline_mode AS shut',
  gtids: {
    set: gtidSet,
    parse: parseGtid,
    shape: 'a GTID, as uuid:number',
    executed: 'SELECT @@GLOBAL.gtid_executed AS executed',
    after: (base, given) => gtidSet(`${base},${given.toString()}`).toString(),
    cumulative: false,
    tracked: true,
  },
  logging: "SELECT @@gtid_mode LIKE 'ON%' AS gtid, @@log_bin AS log",
  logEnd: 'SHOW BINARY LOG STATUS',
  dumpOptions: ({ gtid, log, lockWaitSeconds }) => [
    `--init-command=SET SESSION lock_wait_timeout=${lockWaitSeconds}`,
    // A new log file at the very moment of the snapshot: replay then begins with a whole file.
    ...(log ? ['--source-data=2', '--flush-logs'] : []),
    `--set-gtid-purged=${gtid ? 'ON' : 'OFF'}`,
  ],
  databaseDumpOptions: ['--set-gtid-purged=OFF'],
  optionalDumpOptions: [],
  gtidAt: null,
  followOptions: (serverId) => [`--connection-server-id=${serverId}`],
  tlsOptions: ['--ssl-mode=REQUIRED'],
  definitionsLock: { take: 'LOCK INSTANCE FOR BACKUP', release: 'UNLOCK INSTANCE' },
  carried: [],
  damagedIn: null,
  replicates: true,
  persists: true,
  scratch: {
    make: ['--initialize-insecure', '--loose-innodb-redo-log-capacity=8M'],
    options: (gtid) => [
      '--persisted-globals-load=OFF',
      '--daemonize',
      '--mysqlx=OFF',
      `--gtid-mode=${gtid ? 'ON' : 'OFF'}`,
      `--enforce-gtid-consistency=${gtid ? 'ON' : 'OFF'}`,
    ],
    daemonizes: true,
    beforeLoad: 'ALTER INSTANCE DISABLE INNODB REDO_LOG',
    afterLoad: () => 'FLUSH PRIVILEGES; ALTER INSTANCE ENABLE INNODB REDO_LOG',
    state:
      "SELECT @@server_uuid; SHOW GLOBAL STATUS LIKE 'Innodb_redo_log_enabled'; SELECT @@GLOBAL.gtid_executed",
    logFrom: ({ excluded, start }) =>
      start === null ? `--exclude-gtids=${excluded}` : `--start-position=${start}`,
    transactionHead:
      '^#[0-9]{6} +[0-9:]+ server id [0-9]+ +end_log_pos [0-9]+ .*Anonymous_GTID\tlast_committed=',
  },
  history: null,
  sequences: null,
  before: {
    // Salts are binary; as plain text they would be mangled.
    accounts: ['SET SESSION print_identified_with_as_hex = ON'],
    // The dictionary keeps statistics for a day otherwise.
    counters: ['SET SESSION information_schema_stats_expiry = 0'],
  },
  accounts: 'SELECT User AS u, Host AS h, 0 AS role FROM mysql.user ORDER BY User, Host',
  stored:
    "SELECT CONCAT('AS 0x', HEX(authentication_string)) AS `stored` FROM mysql.user WHERE User = ? AND Host = ?",
  secondPassword:
    "SELECT CONCAT('AS 0x', HEX(User_attributes ->> '$.additional_password')) AS `stored` FROM mysql.user WHERE User = ? AND Host = ?",
  extensions: {
    function: 'SELECT name AS n FROM mysql.func',
    component: 'SELECT component_urn AS n FROM mysql.component',
    plugin: 'SELECT name AS n FROM mysql.plugin',
    'remote server': 'SELECT Server_name AS n FROM mysql.servers',
    'time zone': 'SELECT name AS n FROM mysql.time_zone_name',
  },
  derived,
  locks: [metadataLocks, rowLocks],
  triesLocks: false,
  events: {
    runs: 'IFNULL(p.count_star, 0)',
    join: runsOfEvents,
    underWay: "SELECT COUNT(*) AS n FROM performance_schema.threads WHERE name = 'thread/sql/event_worker'",
  },
  obstacles: [
    {
      sql: `SELECT REPLACE(t.name, '/', '.') AS name FROM information_schema.innodb_tables t JOIN information_schema.innodb_tablespaces s ON s.space = t.space
        WHERE s.space_type = 'General' AND SUBSTRING_INDEX(t.name, '/', 1) NOT IN (?)`,
      what: 'tables lie in a general tablespace, which no dump makes',
      hint: 'ALTER TABLE … TABLESPACE = innodb_file_per_table',
    },
    {
      sql: `SELECT REPLACE(s.name, '/', '.') AS name FROM information_schema.innodb_tablespaces s JOIN information_schema.innodb_datafiles f ON f.space = s.space
        WHERE s.space_type = 'Single' AND f.path NOT LIKE './%'`,
      what: 'tables have their files outside the data folder',
      hint: 'make them without DATA DIRECTORY',
    },
  ],
  keyring: true,
  announce: {
    gtid: "SET SESSION session_track_gtids = 'OWN_GTID'",
    text: 'SET SESSION binlog_rows_query_log_events = ON',
  },
  lastGtid: null,
  recursionBound: 'cte_max_recursion_depth',
  files: {
    table: `SELECT f.path AS path, i.index_id AS id, @@innodb_page_size AS bytes
       FROM information_schema.innodb_tables t JOIN information_schema.innodb_indexes i USING (table_id) JOIN information_schema.innodb_datafiles f ON f.space = t.space
      WHERE t.name = ? AND i.type & 1 = 1`,
    largest: `SELECT REPLACE(s.name, '/', '.') AS name, f.path AS path FROM information_schema.innodb_tablespaces s JOIN information_schema.innodb_datafiles f ON f.space = s.space
      WHERE s.space_type = 'Single' AND SUBSTRING_INDEX(s.name, '/', 1) NOT IN (?) AND s.name NOT LIKE '%#%' AND f.path LIKE './%' ORDER BY s.file_size DESC, s.name LIMIT 1`,
    redo: {
      sql: 'SELECT file_name AS path FROM performance_schema.innodb_redo_log_files ORDER BY file_id DESC LIMIT 1',
    },
  },
  deleteById: (table) => `DELETE /*+ INDEX(ledger id) */ FROM ${table} AS ledger WHERE id`,
};
