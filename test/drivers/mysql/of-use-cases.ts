import type { OfUse } from '../sql/of-use.ts';

const row = "UPDATE app.roles SET name = 'other' WHERE id = 1";

export const locks: OfUse[] = [
  {
    name: 'a session reads a table under LOCK TABLES, and stays',
    statements: ['LOCK TABLES app.roles READ'],
    red: /SHARED_READ_ONLY lock on app\.roles, held by session \d+ of root@/,
  },
  {
    name: 'a session has a table for itself, and stays',
    statements: ['LOCK TABLES app.roles WRITE'],
    red: /SHARED_NO_READ_WRITE lock on app\.roles/,
  },
  {
    name: 'a session has locked the instance, and stays',
    statements: ['LOCK INSTANCE FOR BACKUP'],
    red: /SHARED lock on BACKUP LOCK/,
  },
  {
    name: 'a transaction changed a row, and never ends',
    statements: ['BEGIN', 'DELETE FROM app.roles WHERE id = 2'],
    red: /locked rows of app\.roles, held by an open transaction of session \d+ of root/,
  },
  {
    name: 'a transaction locked a row for an update that never comes',
    statements: ['BEGIN', 'SELECT * FROM app.roles WHERE id = 2 FOR UPDATE'],
    red: /locked rows of app\.roles/,
  },
  {
    name: 'a transaction was prepared for two phases, and nobody finds it',
    statements: ["XA START 'lost'", row, "XA END 'lost'", "XA PREPARE 'lost'"],
    red: /locked rows of app\.roles/,
  },
  {
    name: 'a session looks at one snapshot for ever',
    statements: [
      'SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ',
      'START TRANSACTION WITH CONSISTENT SNAPSHOT',
      'SELECT * FROM app.roles',
    ],
    red: null,
  },
  {
    name: 'a session holds a lock of its own by name',
    statements: ["SELECT GET_LOCK('leader', 0)"],
    red: null,
  },
  {
    name: 'a row is locked for ever, and was just before the fault: the application has a leader',
    statements: ['BEGIN', row],
    before: 'held',
    red: null,
  },
];

export const settings: OfUse[] = [
  {
    name: 'a single client is let in',
    statements: ['SET GLOBAL max_connections = 1'],
    red: /setting max_connections: \d+, was 151/,
  },
  {
    name: 'whoever is silent for a second is thrown out',
    statements: ['SET GLOBAL wait_timeout = 1'],
    red: /setting wait_timeout: 1, was 28800/,
  },
  {
    name: 'every transaction only reads',
    statements: ['SET GLOBAL transaction_read_only = ON'],
    red: /setting transaction_read_only: ON, was OFF/,
  },
  {
    name: 'an answer has three rows at most',
    statements: ['SET GLOBAL sql_select_limit = 3'],
    red: /setting sql_select_limit: 3, was/,
  },
  {
    name: 'every session begins with an error',
    statements: ["SET GLOBAL init_connect = 'SELECT nothing'"],
    red: /setting init_connect: SELECT nothing, was /,
  },
  {
    name: 'an error is put into the log with more words',
    statements: ['SET GLOBAL log_error_verbosity = 3'],
    red: null,
  },
];
export const settingsBack = [
  'max_connections',
  'wait_timeout',
  'transaction_read_only',
  'sql_select_limit',
  'init_connect',
  'log_error_verbosity',
];
