import { describe, expect, test } from 'vitest';
import { bringsData, leavesData } from '../../core/actions.ts';
import { drivers } from '../../drivers/index.ts';

/** After these a component, or what a way leads to, may hold other data than before. */
const bring = [
  'call',
  'catch-up',
  'clear',
  'failover',
  'promote',
  'rejoin',
  'replicate',
  'reset-way',
  'seed',
];

describe('of every action it is known whether it leaves the data that is there', () => {
  const names = [...new Set(Object.values(drivers).flatMap((driver) => Object.keys(driver.actions)))];
  test.each(names)('%s', (name) => {
    expect(leavesData(name)).toBe(!bring.includes(name));
    expect(bringsData(name)).toBe(
      bring.includes(name) && !['call', 'clear', 'reset-way', 'seed'].includes(name),
    );
  });
});
