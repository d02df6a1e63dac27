import { expect, test } from 'vitest';
import { limitsOf, noteTables } from '../../../drivers/mysql/other-engines.ts';
import type { Site } from '../../../drivers/mysql/server.ts';

const counter = { name: 'app.counter', engine: 'MyISAM' };
const hot = { name: 'app.hot', engine: 'MEMORY' };

test('each table that no snapshot covers is named with what becomes of it', () => {
  expect(limitsOf([counter, hot])).toEqual([
    'no snapshot covers app.counter (MyISAM): what changes during the dump is of another moment than the rest',
    'app.hot (MEMORY): the rows are in the dump, and gone with the first start of a restored server',
  ]);
  expect(limitsOf([])).toEqual([]);
});

test('once, however many backups there are, and a new one when it appears', () => {
  const said: string[] = [];
  const site = { component: 'mysql', note: (text: string) => void said.push(text) } as Site;
  noteTables(site, [counter]);
  noteTables(site, [counter]);
  expect(said).toHaveLength(1);
  noteTables(site, [counter, hot]);
  expect(said.map((text) => text.includes('app.hot'))).toEqual([false, true]);
});
