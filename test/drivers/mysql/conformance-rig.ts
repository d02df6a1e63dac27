import { expect } from 'vitest';
import type { Driver } from '../../../core/driver.ts';
import type { MysqlConfig } from '../../../drivers/mysql/config.ts';
import type { MysqlSystem } from '../../../drivers/mysql/system.ts';
import { inertService } from '../../suites/inert-service.ts';
import { rigOf, type Conformance, type FaultCase } from '../../suites/suite.ts';
import { suffer } from '../../support/suffer.ts';
import { emptyVolume } from '../empty-volume.ts';
import { stackUp, type MysqlStack } from '../mysql-stack.ts';
import { folderFaults } from '../sql/fault-cases.ts';

/** How one server of the family differs. */
interface Family {
  name: 'mysql' | 'mariadb';
  driver: Driver<MysqlConfig, MysqlSystem>;
  /** Variable that bounds a recursive query. */
  recursionBound: string;
  truncations: FaultCase[];
  elsewhere?: NonNullable<Conformance['elsewhere']>;
  checks?(stack: () => MysqlStack): Conformance['checks'];
}

/** What the conformance suite is told of one server of MySQL's family. */
export function mysqlConformance({
  name,
  driver,
  recursionBound,
  truncations,
  elsewhere,
  checks,
}: Family): Conformance {
  let stack: MysqlStack;
  const table = `muster.ledger_${name}`;

  /** Enough rows for several pages. */
  const manyRows = async (): Promise<void> =>
    void (await stack.sql(
      `SET SESSION ${recursionBound} = 10000`,
      `INSERT INTO ${table} (id, value) WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 3000) SELECT 10000000 + n, REPEAT('x', 200) FROM numbers`,
    ));

  /** What a load does to old rows, until it is told to end. */
  async function removals(): Promise<() => Promise<void>> {
    let over = false;
    const running = (async () => {
      for (let n = 1; !over; n += 1)
        await stack.sql(`DELETE FROM ${table} WHERE id = ${10_000_000 + ((n * 37) % 3_000)}`);
    })();
    return async () => {
      over = true;
      await running;
    };
  }

  return {
    name,
    driver,
    setup: async () => {
      stack = await stackUp(name, driver);
      const attached = await stack.attach();
      const inert = await stack.attach({}, inertService(stack.service));
      return rigOf(attached, inert, () => stack.down());
    },
    durable: true,
    table,
    // A dropped table cannot be made inert: SQL goes straight to the server.
    inertFaults: [
      'crash',
      'pause',
      'stop',
      'partition',
      'wipe-volume',
      'corrupt-pages',
      'wrong-config',
      'kill-loop',
      'memory-limit',
      'flip-bits',
      'truncate-file',
      'delete-file',
      'stale-page',
      'encrypt-volume',
    ],
    mend: () => emptyVolume(stack.service, 120_000),
    others: () => stack.others(),
    faults: {
      ...folderFaults('the redo log'),
      'truncate-file': truncations,
      'stale-page': [
        { name: 'of a table that is written', prepare: manyRows, beside: removals },
        {
          name: 'of a table that nobody writes',
          prepare: manyRows,
          refused: new RegExp(`no row of muster\\.ledger_${name} changed`),
        },
      ],
      'corrupt-rows': [{ prepare: manyRows, params: { column: 'value' } }],
    },
    ...(elsewhere ? { elsewhere } : {}),
    checks: {
      ...checks?.(() => stack),
      inventory: {
        prepare: async () =>
          void (await stack.sql(
            'CREATE TABLE IF NOT EXISTS app.things (id INT PRIMARY KEY, name VARCHAR(20))',
            "REPLACE INTO app.things VALUES (1, 'one'), (2, NULL)",
          )),
        spoil: async () => void (await stack.sql("UPDATE app.things SET name = 'another' WHERE id = 1")),
      },
    },
    actions: {
      'reapply-config': {
        params: {},
        prepare: async ({ attached }) => {
          const { witness } = await suffer(attached, 'wrong-config');
          await expect.poll(witness, { timeout: 60_000 }).not.toBeNull();
        },
        seen: async ({ attached }) => ((await attached.ready()) ? 'it is up again' : null),
      },
      restart: {
        params: {},
        prepare: async () => stack.service.pause(),
        seen: async ({ attached }) => ((await attached.ready()) ? 'it answers again' : null),
      },
    },
  };
}
