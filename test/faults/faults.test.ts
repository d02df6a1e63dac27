import { describe, expect, test } from 'vitest';
import type { AnyFault } from '../../core/fault.ts';
import { drivers } from '../../drivers/index.ts';
import { faults } from '../../faults/index.ts';

// Injecting, witnessing and healing each of them is in the suites (test/suites/abilities.ts for components,
// test/suites/store-faults.ts for stores), against real servers.
describe.each(Object.entries<AnyFault>(faults))('fault %s', (_name, fault) => {
  test('needs what some driver offers, so that a suite tries it', () => {
    if (fault.on === 'region') return;
    if (fault.on === 'store') return expect(typeof fault.needsService).toBe('boolean');
    expect(fault.needs.length).toBeGreaterThan(0);
    const takers = Object.values(drivers).filter((driver) =>
      fault.needs.every((need) => (driver.abilities as readonly string[]).includes(need)),
    );
    expect(takers).not.toEqual([]);
  });

  test('refuses parameters that it does not know', () => {
    const known = [
      {},
      { table: 'users' },
      { proxy: 'redis' },
      { proxy: 'redis', table: 'users' },
      { table: 'users', column: 'email' },
    ].find((params) => fault.params.safeParse(params).success);
    expect(known, 'parameters that it takes').toBeDefined();
    expect(fault.params.safeParse({ ...known, nonsense: 1 }).success).toBe(false);
  });

  test('gives a witness time, and says what it does', () => {
    expect(fault.witnessDeadlineMs).toBeGreaterThan(0);
    expect(fault.about).toMatch(/\w+ \w+/);
  });
});

test('corrupt-pages damages three pages with random bytes unless told otherwise', () => {
  expect(faults['corrupt-pages'].params.parse({ table: 'users' })).toEqual({
    table: 'users',
    pages: 3,
    pattern: 'random',
  });
  expect(faults['corrupt-pages'].params.safeParse({ table: 'users', pages: 0 }).success).toBe(false);
  expect(faults['corrupt-pages'].params.safeParse({}).success).toBe(false);
  expect(faults['drop-table'].params.safeParse({}).success).toBe(false);
});

test('delete-rows takes a share of some rows, never of none', () => {
  expect(faults['delete-rows'].params.parse({ table: 'users' })).toEqual({ table: 'users', share: 0.5 });
  for (const share of [0, -0.1, 1.1])
    expect(faults['delete-rows'].params.safeParse({ table: 'users', share }).success).toBe(false);
});
