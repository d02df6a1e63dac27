import { mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { scratch } from '../support/scratch.ts';
import { keeping } from './mutations.ts';

test('an input that a property does not hold for is kept at once, and the smallest in the end', async () => {
  const where = mkdtempSync(join(scratch, 'kept-'));
  const small = async (text: string): Promise<void> => expect(text.length).toBeLessThan(5);
  const failing = fc.assert(fc.asyncProperty(fc.string({ maxLength: 40 }), keeping('small', small, where)), {
    numRuns: 500,
    seed: 7,
  });
  await expect(failing).rejects.toThrow(/seed: 7, path: "[\d:]+"/);
  const [file, ...others] = readdirSync(where);
  expect(others).toEqual([]);
  const { error, input } = JSON.parse(readFileSync(join(where, file!), 'utf8')) as {
    error: string;
    input: [string];
  };
  expect(input[0]).toHaveLength(5);
  expect(error).toMatch(/less than 5/);
});

test('of one that holds nothing is kept', async () => {
  const where = mkdtempSync(join(scratch, 'kept-'));
  await fc.assert(
    fc.asyncProperty(
      fc.string(),
      keeping('none', async () => undefined, where),
    ),
  );
  expect(readdirSync(where)).toEqual([]);
});
