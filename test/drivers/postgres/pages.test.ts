import { expect, test } from 'vitest';
import { damagedPage } from '../../../drivers/postgres/pages.ts';
import { placeOf } from '../../../drivers/postgres/table-file.ts';

const page = (): Buffer => {
  const bytes = Buffer.alloc(8192, 'rows');
  bytes.writeUInt16LE(60, 12);
  bytes.writeUInt16LE(4096, 14);
  bytes.writeUInt16LE(8192, 16);
  return bytes;
};

test('the same seed damages a page in the same way, and other pages in others', () => {
  const damage = { pattern: 'random', seed: 1 } as const;
  expect(damagedPage(damage, 3, page())).toEqual(damagedPage(damage, 3, page()));
  expect(damagedPage(damage, 3, page())).not.toEqual(damagedPage(damage, 4, page()));
});

test('random takes all of a page, structured leaves what makes it look like one', () => {
  const [random, structured] = (['random', 'structured'] as const).map((pattern) =>
    damagedPage({ pattern, seed: 1 }, 3, page()),
  ) as [Buffer, Buffer];
  expect(random.subarray(0, 24)).not.toEqual(page().subarray(0, 24));
  expect(structured.subarray(0, 4096)).toEqual(page().subarray(0, 4096));
  expect(structured.subarray(4096)).not.toEqual(page().subarray(4096));
  expect(structured.subarray(4096, 4104)).toEqual(structured.subarray(4104, 4112));
});

test('a page whose header makes no sense is damaged all the same', () => {
  const empty = Buffer.alloc(8192);
  expect(damagedPage({ pattern: 'structured', seed: 1 }, 0, empty)).not.toEqual(empty);
});

test('a page lies in the file that its number says', () => {
  const table = { path: '/data/base/5/16384', pagesPerFile: 131_072 };
  expect(placeOf(table, 131_071)).toEqual(['/data/base/5/16384', '131071']);
  expect(placeOf(table, 131_072)).toEqual(['/data/base/5/16384.1', '0']);
});
