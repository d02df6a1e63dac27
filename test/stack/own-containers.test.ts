import { expect, test } from 'vitest';
import { hasNameOf } from '../../stack/own-containers.ts';

test.each([
  ['/muster-d1-app-1', true],
  ['/muster-d1-app-pre_start-0', true],
  ['/0123456789ab_muster-d1-app-1', true],
  ['/mine', false],
  ['/muster-d1', false],
  ['/muster-d10-app-1', false],
  ['/mine-muster-d1-app-1', false],
  ['/mine_muster-d1-app-1', false],
])('%s as a name by the drill d1: %s', (name, is) => {
  expect(hasNameOf('d1', [name])).toBe(is);
});

test('a container that has no name yet has none by a drill', () => {
  expect(hasNameOf('d1', [])).toBe(false);
});
