import { expect, test } from 'vitest';
import { assertMemoryFor } from '../../faults/storage/disk-full.ts';

const GiB = 1024 ** 3;

test('a disk in memory is filled only where the host can spare that', () => {
  expect(() => assertMemoryFor('db', 'tmpfs', 3 * GiB, 4 * GiB)).toThrow('memory that the host needs');
  expect(() => assertMemoryFor('db', 'tmpfs', GiB, 4 * GiB)).not.toThrow();
  expect(() => assertMemoryFor('db', 'ext2/ext3', 3 * GiB, 4 * GiB)).not.toThrow();
});
