import mysql from '../../drivers/mysql/index.ts';
import { driverConformance } from '../suites/driver-conformance.ts';
import { mysqlConformance } from './mysql/conformance-rig.ts';

driverConformance({
  ...mysqlConformance({
    name: 'mysql',
    driver: mysql,
    recursionBound: 'cte_max_recursion_depth',
    truncations: [{ name: 'of a table' }, { name: 'of the redo log', params: { file: 'log' } }],
    elsewhere: {
      names: ['replicate', 'catch-up', 'promote', 'fence', 'rejoin', 'reopen', 'semi-sync'],
      file: 'drivers/mysql/replica-tests.ts',
    },
    checks: (stack) => ({
      'refuses-writes': {
        prepare: async () => void (await stack().sql('SET GLOBAL super_read_only = ON')),
        spoil: async () =>
          void (await stack().sql('SET GLOBAL super_read_only = OFF', 'SET GLOBAL read_only = OFF')),
      },
    }),
  }),
});
