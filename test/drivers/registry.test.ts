import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { knownBadOf } from '../../core/known-bad.ts';
import { drivers } from '../../drivers/index.ts';

const texts = readdirSync(import.meta.dirname, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.test.ts'))
  .map((file) => readFileSync(join(import.meta.dirname, file), 'utf8'));

test.for(Object.keys(drivers))('driver %s is held to the conformance suite', (name) => {
  expect(
    texts.filter((text) => text.includes('driverConformance({') && text.includes(`drivers/${name}/index.ts`))
      .length,
  ).toBeGreaterThan(0);
});

test('the known-bad run of each check, and of each kind of backup by other tools, is of a test that is there', () => {
  for (const [name, { checks, existing }] of Object.entries(drivers))
    for (const { knownBad } of [...Object.values(checks), ...(existing ? [existing] : [])]) {
      const { shownBy } = knownBadOf(name, knownBad);
      expect(existsSync(join(import.meta.dirname, '../..', shownBy)), shownBy).toBe(true);
    }
});
