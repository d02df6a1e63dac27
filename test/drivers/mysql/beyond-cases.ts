/**
 * Tables that no loading server could make: refused when a dump is taken, and before anything is broken.
 * `keyring`: where the keys lie.
 */
export interface Refusal {
  name: string;
  create: string[];
  table: string;
  keyring: string;
  words: RegExp;
  mend: string[];
}

const onVolume = '/var/lib/mysql/keyring';
const onNone = '/var/lib/mysql-files/keyring';
const elsewhere = "DATA DIRECTORY = '/var/lib/mysql-files'";

export const refusals: Refusal[] = [
  {
    name: 'a table outside the data folder',
    create: [`CREATE TABLE app.outside (id INT PRIMARY KEY) ${elsewhere}`],
    table: 'outside',
    keyring: onNone,
    words: /tables have their files outside the data folder/,
    mend: ['DROP TABLE app.outside'],
  },
  {
    name: 'a table one partition of which lies outside the data folder',
    table: 'parts',
    keyring: onNone,
    create: [
      `CREATE TABLE app.parts (id INT PRIMARY KEY) PARTITION BY RANGE (id) (PARTITION a VALUES LESS THAN (9) ${elsewhere}, PARTITION b VALUES LESS THAN (99))`,
    ],
    words: /tables have their files outside the data folder/,
    mend: ['DROP TABLE app.parts'],
  },
  {
    name: 'a table in a general tablespace',
    create: [
      "CREATE TABLESPACE shared ADD DATAFILE 'shared.ibd'",
      'CREATE TABLE app.inside (id INT PRIMARY KEY) TABLESPACE shared',
    ],
    table: 'inside',
    keyring: onNone,
    words: /tables lie in a general tablespace, which no dump makes/,
    mend: ['ALTER TABLE app.inside TABLESPACE = innodb_file_per_table', 'DROP TABLESPACE shared'],
  },
  {
    name: 'an encrypted table whose keys are on no volume',
    create: ["CREATE TABLE app.secrets (id INT PRIMARY KEY) ENCRYPTION = 'Y'"],
    table: 'secrets',
    keyring: onNone,
    words: /encrypted with keys in \/var\/lib\/mysql-files\/keyring, which is on no volume/,
    mend: ['DROP TABLE app.secrets'],
  },
  {
    name: 'an encrypted table whose keyring the image does not know',
    create: ["CREATE TABLE app.secrets (id INT PRIMARY KEY) ENCRYPTION = 'Y'"],
    table: 'secrets',
    keyring: onVolume,
    words: /tables are encrypted, and the manifest of the keyring is not in the image/,
    mend: ['DROP TABLE app.secrets'],
  },
];

/** Full-text indexes under stopwords of the source's own, in a table that the dump leaves out, or has. */
export const stopwords = {
  leftOut: 'full-text indexes under stopwords in a table that the dump leaves out',
  kept: 'full-text indexes are built under the stopwords of the source',
} as const;

/**
 * Replays on a server without GTIDs, of a log with four transactions. `cutAfter`: where the log ends that the
 * server is given.
 */
export interface Replay {
  name: string;
  cutAfter: number | null;
}

export const replays: Replay[] = [
  { name: 'a replay without GTIDs that stopped two transactions short', cutAfter: 2 },
  { name: 'a replay without GTIDs that went to the end of the log', cutAfter: null },
];

/**
 * Faults whose effect is asked for again at the end, with nothing but a restart in between; each is gone
 * after a restore.
 */
export const askedAgain = {
  stale: 'stale pages, and the server is only started anew',
  wiped: 'a wiped volume, and an empty server is all that came up',
  encrypted: 'an encrypted volume, and somebody emptied it: an empty server is all that came up',
} as const;
