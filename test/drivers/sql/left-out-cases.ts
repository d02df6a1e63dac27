/**
 * What becomes of tables whose rows are not compared. Before the first look `carts` (named volatile) has
 * eight rows, `queue` (named drained) six, `visits` (volatile) none, `wares` (compared) two; of `nowhere`,
 * named as well, there is no table.
 */
export interface LeftOutCase {
  name: string;
  /** Between the first look and the one right before the fault. */
  before: string[];
  /** Between that and the last one. */
  after: string[];
  /** What the inventory says; it is no pass where `lost`. */
  says: RegExp;
  lost: boolean;
}

export const leftOutConfig = (schema: string): Record<string, string[]> => ({
  volatileTables: ['carts', 'visits', 'nowhere'].map((table) => `${schema}.${table}`),
  drainedTables: [`${schema}.queue`],
});

export const leftOutTablesOf = (schema: string): string[] => [
  ...['carts', 'queue', 'visits', 'wares'].map((table) => `DROP TABLE IF EXISTS ${schema}.${table}`),
  ...['carts', 'queue', 'visits', 'wares'].map(
    (table) => `CREATE TABLE ${schema}.${table} (id INT PRIMARY KEY)`,
  ),
  `INSERT INTO ${schema}.carts VALUES (1), (2), (3), (4), (5), (6), (7), (8)`,
  `INSERT INTO ${schema}.queue VALUES (1), (2), (3), (4), (5), (6)`,
  `INSERT INTO ${schema}.wares VALUES (1), (2)`,
];

export const leftOutCases = (schema: string): LeftOutCase[] => {
  const emptied = `DELETE FROM ${schema}.carts`;
  return [
    {
      name: 'a table that is not compared is empty after the recovery',
      before: [],
      after: [emptied],
      says: /rows of \w+\.carts: 8 before the load, 8 just before the fault, 0 now/,
      lost: true,
    },
    {
      name: 'a table that is not compared lost all rows, and clients wrote some since',
      before: [`INSERT INTO ${schema}.carts VALUES (11), (12)`],
      after: [emptied, `INSERT INTO ${schema}.carts VALUES (21), (22), (23)`],
      says: /rows of \w+\.carts: 8 before the load, 10 just before the fault, 3 now/,
      lost: true,
    },
    {
      name: 'a table that clients began to fill is empty after the recovery',
      before: [`INSERT INTO ${schema}.visits VALUES (1), (2)`],
      after: [`DELETE FROM ${schema}.visits`],
      says: /rows of \w+\.visits: 0 before the load, 2 just before the fault, 0 now/,
      lost: true,
    },
    {
      name: 'tables that are not compared are named, with their rows, and one that is not there',
      before: [`INSERT INTO ${schema}.carts VALUES (11), (12)`],
      after: [`DELETE FROM ${schema}.carts WHERE id > 10`, `UPDATE ${schema}.carts SET id = 99 WHERE id = 8`],
      says: /carts \(8 before the load, 10 just before the fault, 8 now\).*queue \(6 before the load, 6 just before the fault, 6 now\).*nowhere, which no table/,
      lost: false,
    },
    {
      name: 'a table that was emptied while all was well is as empty',
      before: [emptied],
      after: [],
      says: /carts \(8 before the load, 0 just before the fault, 0 now\)/,
      lost: false,
    },
    {
      name: 'a queue that its application drains is drained',
      before: [],
      after: [`DELETE FROM ${schema}.queue`],
      says: /queue \(6 before the load, 6 just before the fault, 0 now; the application empties it\)/,
      lost: false,
    },
  ];
};
