/** What is altered, and by which statements: the inventory names it in these words. */
export const altered: [string, string[], RegExp[]][] = [
  [
    'numbers given out twice',
    ['ALTER TABLE app.orders AUTO_INCREMENT = 400'],
    [/AUTO_INCREMENT of app\.orders: 400, was 500/],
  ],
  [
    'numbers given out twice, where rows are compared as well',
    [
      'DELETE FROM app.note WHERE id = 4',
      'ALTER TABLE app.note AUTO_INCREMENT = 1',
      "INSERT INTO app.note (id, text) VALUES (3 + 1, 'a lazy dog and a fox')",
      'DELETE FROM app.orders',
      'ALTER TABLE app.orders AUTO_INCREMENT = 1',
    ],
    [/of app\.orders: 1, was 500/],
  ],
  [
    'persisted settings that are lost, with their values',
    ['RESET PERSIST'],
    [/max_connections is lost, was 333/, /innodb_lock_wait_timeout is lost, was 7/],
  ],
  [
    'a persisted setting that is another',
    ['SET PERSIST max_connections = 50'],
    [/max_connections is 50, was 333/],
  ],
  [
    'a view whose column is gone',
    ['ALTER TABLE app.item DROP COLUMN colour'],
    [/view app\.by_colour does not select any more/],
  ],
  [
    'a view whose owner is gone',
    ['SET SESSION sql_require_primary_key = OFF', 'DROP USER gone'],
    [/view app\.labels does not select any more/, /account gone@% is missing/],
  ],
  [
    'routines and events left out (F11)',
    ['DROP PROCEDURE app.raise_prices', 'DROP FUNCTION app.with_tax', 'DROP EVENT app.nightly'],
    [
      /PROCEDURE app\.raise_prices is missing/,
      /FUNCTION app\.with_tax is missing/,
      /EVENT app\.nightly is missing/,
    ],
  ],
  [
    'everything, after an archive of nothing (F12)',
    ['DROP DATABASE app', 'CREATE DATABASE app CHARACTER SET utf8mb4'],
    [/TABLE app\.note is missing/, /TABLE app\.item is missing/, /EVENT app\.nightly is missing/],
  ],
  [
    'a character of four bytes that became a question mark (F14)',
    ["UPDATE app.note SET text = '?' WHERE id = 2"],
    [/rows of app\.note: 4 rows, and not all as before/],
  ],
  [
    'a column in another character set',
    ['ALTER TABLE app.item MODIFY colour VARCHAR(10) CHARACTER SET latin1'],
    [/TABLE app\.item: another definition/],
  ],
  [
    'a column in another collation',
    ['ALTER TABLE app.item MODIFY colour VARCHAR(10) COLLATE utf8mb4_bin'],
    [/TABLE app\.item: another definition/],
  ],
  [
    'a database in another collation',
    ['ALTER DATABASE app COLLATE utf8mb4_bin'],
    [/DATABASE app: another definition/],
  ],
  ['a check that is gone', ['ALTER TABLE app.item DROP CHECK dear'], [/TABLE app\.item: another definition/]],
  [
    'a check that is not enforced',
    ['ALTER TABLE app.item ALTER CHECK dear NOT ENFORCED'],
    [/TABLE app\.item: another definition/],
  ],
  ['other partitions', ['ALTER TABLE app.item REMOVE PARTITIONING'], [/TABLE app\.item: another definition/]],
  [
    'a routine under another mode',
    [
      "SET SESSION sql_mode = ''",
      'DROP PROCEDURE app.raise_prices',
      'CREATE PROCEDURE app.raise_prices() UPDATE app.item SET price = price + 1',
    ],
    [/PROCEDURE app\.raise_prices: another definition/],
  ],
  [
    'an event that is switched off',
    ['ALTER EVENT app.nightly DISABLE'],
    [/EVENT app\.nightly: another definition/],
  ],
  [
    'an account that is locked',
    ['ALTER USER shop ACCOUNT LOCK'],
    [/account shop@%: another password, plugin or attribute/],
  ],
  [
    'a password that has expired',
    ['ALTER USER shop PASSWORD EXPIRE'],
    [/account shop@%: another password, plugin or attribute/],
  ],
  ["a database beside the application's", ['DROP DATABASE beside'], [/DATABASE beside is missing/]],
  ['an empty database that is gone', ['DROP DATABASE archive'], [/DATABASE archive is missing/]],
  [
    'a table in memory that is emptied while the server runs',
    ['DELETE FROM app.hot'],
    [/rows of app\.hot: 0 rows, 1 before/],
  ],
  [
    'an engine that is another',
    ['ALTER TABLE app.hot ENGINE = InnoDB'],
    [/TABLE app\.hot: another definition/],
  ],
  [
    'a setting that says how words are found',
    ['SET GLOBAL innodb_ft_enable_stopword = OFF'],
    [/setting innodb_ft_enable_stopword: OFF, was ON/],
  ],
];

/**
 * Accounts that are changed before the fault and are as at the beginning once it is over. A `'?'` stands for
 * the hash of the first password.
 */
export const again: Record<string, { beforeFault: string[]; afterFault: string[]; said: RegExp }> = {
  'an old password (F09)': {
    beforeFault: ["ALTER USER shop IDENTIFIED BY 'autumn'"],
    afterFault: ["ALTER USER shop IDENTIFIED WITH caching_sha2_password AS '?'"],
    said: /account shop@% has older password, plugin or attributes again/,
  },
  'somebody who had been locked out': {
    beforeFault: ['ALTER USER leaver ACCOUNT LOCK'],
    afterFault: ['ALTER USER leaver ACCOUNT UNLOCK'],
    said: /account leaver@% has older password, plugin or attributes again/,
  },
  'a right that had been taken': {
    beforeFault: ['REVOKE SELECT ON app.* FROM shop'],
    afterFault: ['GRANT SELECT ON app.* TO shop'],
    said: /account shop@% has older grants again/,
  },
  'an account made since': {
    beforeFault: ['CREATE USER newcomer'],
    afterFault: ['DROP USER newcomer'],
    said: /account newcomer@% is gone, and was there just before the fault/,
  },
};
