import { describe, expect, test } from 'vitest';
import type { AnyDriver } from '../../core/driver.ts';
import { isOfComponent, type AnyFault } from '../../core/fault.ts';
import { everyFault, faultFor } from '../../core/registries.ts';
import { drivers } from '../../drivers/index.ts';
import { faults } from '../../faults/index.ts';

const registries = { faults, drivers };
const every = everyFault(registries);

// Injecting, witnessing and healing each of them is in the suites (test/suites/faults.ts for components,
// test/suites/store-faults.ts for stores), against real servers.
describe.each(Object.entries<AnyFault>(every))('fault %s', (name, fault) => {
  test('is one that some driver, store or region can suffer, so that a suite tries it', () => {
    if (fault.on === 'region') return expect(typeof fault.aim).toBe('function');
    if (fault.on === 'store') return expect(typeof fault.needsService).toBe('boolean');
    const takers = Object.values(drivers).filter(
      (driver) => typeof faultFor(driver, name, registries) !== 'string',
    );
    expect(takers).not.toEqual([]);
  });

  test('takes the same parameters, whoever suffers it', () => {
    if (!isOfComponent(fault))
      return expect(Object.values(drivers).some((one) => name in one.faults)).toBe(false);
    const ways = Object.values<AnyDriver>(drivers).flatMap((driver) => driver.faults[name] ?? []);
    for (const way of ways) {
      expect(way.params, 'one schema').toBe(fault.params);
      expect(way.losesData ?? false, 'the same claim about data').toBe(fault.losesData ?? false);
    }
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
  expect(every['corrupt-pages']!.params.parse({ table: 'users' })).toEqual({
    table: 'users',
    pages: 3,
    pattern: 'random',
  });
  expect(every['corrupt-pages']!.params.safeParse({ table: 'users', pages: 0 }).success).toBe(false);
  expect(every['corrupt-pages']!.params.safeParse({}).success).toBe(false);
  expect(every['drop-table']!.params.safeParse({}).success).toBe(false);
});

test('delete-rows takes a share of some rows, never of none', () => {
  expect(every['delete-rows']!.params.parse({ table: 'users' })).toEqual({ table: 'users', share: 0.5 });
  for (const share of [0, -0.1, 1.1])
    expect(every['delete-rows']!.params.safeParse({ table: 'users', share }).success).toBe(false);
});
