import { expect, test } from 'vitest';
import { registries } from '../../cli/registries.ts';
import type { Strategy } from '../../core/strategy.ts';
import { knownBadRuns } from '../../evidence/known-bad.ts';

const strategy = {
  components: {
    db: { driver: 'mysql', existing: { from: 'a.sql', expect: { rows: { t: 1 }, sql: {} } } },
    east: { driver: 'mariadb' },
    other: { driver: 'constructor' },
  },
} as unknown as Strategy;
const runOf = knownBadRuns(strategy, registries);

test.each([
  ['db.inventory', 'db', 'test/drivers/mysql.docker.test.ts'],
  ['inventory', 'east', 'test/drivers/mariadb.docker.test.ts'],
  ['semi-sync', 'db', 'test/drivers/mysql/replica-tests.ts'],
  ['ledger', 'db', 'test/drills/variants.docker.test.ts'],
  ['db.rows.t', 'db', 'test/engine/existing.test.ts'],
  ['db.usable', 'db', 'test/drivers/mysql/existing.docker.test.ts'],
])('%s of %s was seen to fail by %s', (check, component, shownBy) => {
  expect(runOf(check, component)).toEqual({ spoilt: expect.stringMatching(/\w/), shownBy });
});
test.each([
  ['an invariant of the user', 'ours', null],
  ['a check that no driver has', 'db.constructor', 'db'],
  ['one of a driver that is none', 'inventory', 'other'],
  ['one of a component that is none', 'inventory', 'toString'],
  ['a ledger of what is no component', 'ledger', 'toString'],
  ['what was not expected of a backup', 'db.rows.u', 'db'],
])('%s has no known-bad run', (_what, check, component) => {
  expect(runOf(check, component)).toBeNull();
});
