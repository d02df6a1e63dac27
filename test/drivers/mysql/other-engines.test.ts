import { expect, test } from 'vitest';
import { limitsOf, noteTables } from '../../../drivers/mysql/other-engines.ts';
import { tornAfterReplay } from '../../../drivers/mysql/torn.ts';
import type { MysqlSite } from '../../../drivers/mysql/site.ts';

const counter = { name: 'app.counter', engine: 'MyISAM', keyed: true };
const hot = { name: 'app.hot', engine: 'MEMORY', keyed: true };

test('each table that no snapshot covers is named with what becomes of it', () => {
  expect(limitsOf([counter, hot])).toEqual([
    'no snapshot covers app.counter (MyISAM): what changes during the dump is of another moment than the rest',
    'app.hot (MEMORY): the rows are in the dump, and gone with the first start of a restored server',
  ]);
  expect(limitsOf([])).toEqual([]);
});

test('once, however many backups there are, and a new one when it appears', () => {
  const said: string[] = [];
  const site = { component: 'mysql', note: (text: string) => void said.push(text) } as MysqlSite;
  noteTables(site, [counter]);
  noteTables(site, [counter]);
  expect(said).toHaveLength(1);
  noteTables(site, [counter, hot]);
  expect(said.map((text) => text.includes('app.hot'))).toEqual([false, true]);
});

test('what was torn is whole again only after a replay of row events past the end of the dump, and by a key', () => {
  const heap = { ...counter, name: 'app.heap', keyed: false };
  const torn = { tables: [counter, heap], logEnd: { file: 'binlog.000009', position: 500 } };
  const left = (reached: { file: string; position: number } | null, format?: string): string[] =>
    tornAfterReplay(torn, reached, format).tables.map(({ name }) => name);
  expect(left({ file: 'binlog.000009', position: 500 }, 'ROW')).toEqual(['app.heap']);
  expect(left({ file: 'binlog.000010', position: 4 }, 'ROW')).toEqual(['app.heap']);
  const both = ['app.counter', 'app.heap'];
  expect(left({ file: 'binlog.000009', position: 499 }, 'ROW')).toEqual(both);
  expect(left({ file: 'binlog.000009', position: 500 }, 'STATEMENT')).toEqual(both);
  expect(left({ file: 'binlog.000009', position: 500 })).toEqual(both);
  expect(left(null, 'ROW')).toEqual(both);
  expect(
    tornAfterReplay({ ...torn, logEnd: null }, { file: 'binlog.000009', position: 500 }, 'ROW').tables,
  ).toHaveLength(2);
});
