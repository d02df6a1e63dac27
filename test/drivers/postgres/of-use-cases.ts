import type { OfUse } from '../sql/of-use.ts';

const row = "UPDATE customers SET name = 'other' WHERE id = 1";

export const locks: OfUse[] = [
  {
    name: 'a session has a table for itself, and stays',
    statements: ['BEGIN', 'LOCK TABLE customers'],
    red: /AccessExclusiveLock on public\.customers, held by session \d+ of clerk \(idle in transaction\)/,
  },
  {
    name: 'a session lets others read a table, and not write',
    statements: ['BEGIN', 'LOCK TABLE customers IN SHARE MODE'],
    red: /ShareLock on public\.customers/,
  },
  {
    name: 'a transaction changed a row, and never ends',
    statements: ['BEGIN', row],
    red: /RowExclusiveLock on public\.customers/,
  },
  {
    name: 'a transaction locked a row for an update that never comes',
    statements: ['BEGIN', 'SELECT * FROM customers WHERE id = 2 FOR UPDATE'],
    red: /RowShareLock on public\.customers/,
  },
  {
    name: 'a session looks at one snapshot for ever',
    statements: ['BEGIN ISOLATION LEVEL REPEATABLE READ', 'SELECT * FROM customers'],
    red: null,
  },
  {
    name: 'a session holds a lock of its own by number',
    statements: ['SELECT pg_advisory_lock(4711)'],
    red: null,
  },
  {
    name: 'a row is locked for ever, and was just before the fault: the application has a leader',
    statements: ['BEGIN', row],
    before: 'held',
    red: null,
  },
];
