import { expect, test } from 'vitest';
import { folderKey } from '../../../drivers/mysql/empty-folder.ts';
import { mysql } from '../../../drivers/mysql/mysql.ts';

const settings = {
  innodb_page_size: '16384',
  innodb_data_file_path: 'ibdata1:12M:autoextend',
  lower_case_table_names: '0',
  sql_mode: 'ANSI',
};
const keyOf = (owner: string, of: Record<string, string>): string => folderKey({ owner, product: mysql }, of);
const key = keyOf('999:999', settings);

test.each([
  ['page size', '999:999', { innodb_page_size: '8192' }],
  ['system tablespace', '999:999', { innodb_data_file_path: 'ibdata1:64M:autoextend' }],
  ['case of names', '999:999', { lower_case_table_names: '1' }],
  ['owner', '1000:999', {}],
])('a folder of another %s has another key', (_, owner, other) =>
  expect(keyOf(owner, { ...settings, ...other })).not.toBe(key),
);

test('a folder has the same key whatever else the server is set to', () =>
  expect(keyOf('999:999', { ...settings, sql_mode: '' })).toBe(key));

test('a folder of another product has another key', () =>
  expect(folderKey({ owner: '999:999', product: { ...mysql, name: 'MariaDB' } }, settings)).not.toBe(key));
