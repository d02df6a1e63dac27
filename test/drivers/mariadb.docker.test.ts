import mariadb from '../../drivers/mariadb/index.ts';
import { driverConformance } from '../suites/driver-conformance.ts';
import { mysqlConformance } from './mysql/conformance-rig.ts';

driverConformance({
  ...mysqlConformance({
    name: 'mariadb',
    driver: mariadb,
    recursionBound: 'max_recursive_iterations',
    // Of the redo log it needs no more than what it wrote last, and the rest is made anew without a word.
    truncations: [{ name: 'of a table' }],
  }),
});
