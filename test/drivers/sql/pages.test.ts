import { expect, test } from 'vitest';
import { choosePages } from '../../../drivers/sql/pages.ts';

test('the same seed chooses the same pages, and another one others', () => {
  const pages = Array.from({ length: 50 }, (_, i) => i + 4);
  expect(choosePages(pages, 3, 7)).toEqual(choosePages(pages, 3, 7));
  expect(choosePages(pages, 3, 1)).not.toEqual(choosePages(pages, 3, 2));
  expect(new Set([1, 2, 3, 4, 5].map((seed) => String(choosePages(pages, 3, seed)))).size).toBeGreaterThan(1);
  expect(choosePages(pages, 99, 7)).toEqual(pages);
});
