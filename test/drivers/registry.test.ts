import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
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
