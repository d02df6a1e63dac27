import postgres from '../../drivers/postgres/index.ts';
import { driverConformance } from '../suites/driver-conformance.ts';
import { rigOf, type Rig } from '../suites/suite.ts';
import { inertService } from '../suites/inert-service.ts';
import { emptyVolume } from './empty-volume.ts';
import { postgresStackUp, type PostgresStack } from './postgres-stack.ts';
import { folderFaults } from './sql/fault-cases.ts';

let stack: PostgresStack;

const setup = async (): Promise<Rig> => {
  stack = await postgresStackUp();
  const attached = await stack.attach();
  const inert = await stack.attach({}, inertService(stack.service));
  return rigOf(attached, inert, () => stack.down());
};

/** Enough rows for several pages. */
const manyRows = async (): Promise<void> =>
  void (await stack.sql(
    "INSERT INTO muster.ledger_postgres (id, value) SELECT 10000000 + n, repeat('x', 200) FROM generate_series(1, 3000) AS n",
  ));

driverConformance({
  name: 'postgres',
  driver: postgres,
  setup,
  durable: true,
  table: 'muster.ledger_postgres',
  // A dropped table cannot be made inert: SQL goes straight to the server.
  inertFaults: [
    'crash',
    'pause',
    'stop',
    'partition',
    'wipe-volume',
    'corrupt-pages',
    'kill-loop',
    'memory-limit',
    'flip-bits',
    'truncate-file',
    'delete-file',
    'encrypt-volume',
  ],
  mend: () => emptyVolume(stack.service, 120_000),
  others: () => stack.others(),
  faults: {
    ...folderFaults('the log'),
    'truncate-file': [{ name: 'of a table' }, { name: 'of the log', params: { file: 'log' } }],
    'corrupt-pages': [
      { name: 'random', prepare: manyRows },
      { name: 'structured', prepare: manyRows, params: { pattern: 'structured' } },
    ],
    'corrupt-rows': [{ prepare: manyRows, params: { column: 'value' } }],
  },
  checks: {
    inventory: {
      prepare: async () =>
        void (await stack.sql(
          'CREATE TABLE IF NOT EXISTS things (id int PRIMARY KEY, name text)',
          "INSERT INTO things VALUES (1, 'one'), (2, NULL) ON CONFLICT DO NOTHING",
        )),
      spoil: async () => void (await stack.sql("UPDATE things SET name = 'another' WHERE id = 1")),
    },
    // As where a new C library sorts otherwise: rows are indexed by what the function no longer gives.
    structure: {
      prepare: async () =>
        void (await stack.sql(
          "CREATE OR REPLACE FUNCTION sorted(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT lower($1)'",
          'CREATE TABLE IF NOT EXISTS named (name text)',
          'CREATE INDEX IF NOT EXISTS by_name ON named (sorted(name))',
          "INSERT INTO named VALUES ('One'), ('two')",
        )),
      spoil: async () =>
        void (await stack.sql(
          "CREATE OR REPLACE FUNCTION sorted(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT upper($1)'",
        )),
      mend: async () => void (await stack.sql('DROP TABLE named', 'DROP FUNCTION sorted')),
    },
  },
  actions: {},
});
