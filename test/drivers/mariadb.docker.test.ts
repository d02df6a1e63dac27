import mariadb from '../../drivers/mariadb/index.ts';
import { driverConformance } from '../suites/driver-conformance.ts';
import { everything } from '../support/tier.ts';
import { mysqlConformance } from './mysql/conformance-rig.ts';

/**
 * Its dump of databases alone is MySQL's by another tool, and its faults are MySQL's: `npm run test:all`
 * holds them to the contract here.
 */
const methods = Object.keys(mariadb.backups).filter((name) => everything || name !== 'database-dump');

driverConformance({
  ...mysqlConformance({
    name: 'mariadb',
    driver: mariadb,
    recursionBound: 'max_recursive_iterations',
    // Of the redo log it needs no more than what it wrote last, and the rest is made anew without a word.
    truncations: [{ name: 'of a table' }],
  }),
  methods,
  sharesFaults: true,
});
