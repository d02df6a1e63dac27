import { mkdirSync, mkdtempSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { folderIn, removeQuietly } from './run-folder.ts';
import { scratch } from './scratch.ts';

test('a folder that a child still writes into is left without a word, and goes with the next run', () => {
  const where = mkdtempSync(join(scratch, 'run-folder-'));
  // No process has that number.
  const left = join(where, 'muster-tests-4194305-abc');
  mkdirSync(join(left, 'a'), { recursive: true });
  const asSeen = (): never => {
    throw Object.assign(new Error(`ENOTEMPTY: directory not empty, rmdir '${left}'`), { code: 'ENOTEMPTY' });
  };
  expect(asSeen).toThrow(/ENOTEMPTY/);
  expect(() => removeQuietly(left, asSeen)).not.toThrow();
  expect(readdirSync(where)).toHaveLength(1);
  const mine = folderIn(where);
  expect(readdirSync(where)).toEqual([mine.slice(where.length + 1)]);
  removeQuietly(mine);
  expect(readdirSync(where)).toEqual([]);
});
