import { expect, test } from 'vitest';
import { folderKey } from '../../../drivers/mysql/empty-folder.ts';

const settings = {
  innodb_page_size: '16384',
  innodb_data_file_path: 'ibdata1:12M:autoextend',
  lower_case_table_names: '0',
  sql_mode: 'ANSI',
};
const key = folderKey('999:999', settings);

test.each([
  ['page size', '999:999', { innodb_page_size: '8192' }],
  ['system tablespace', '999:999', { innodb_data_file_path: 'ibdata1:64M:autoextend' }],
  ['case of names', '999:999', { lower_case_table_names: '1' }],
  ['owner', '1000:999', {}],
])('a folder of another %s has another key', (_, owner, other) =>
  expect(folderKey(owner, { ...settings, ...other })).not.toBe(key),
);

test('a folder has the same key whatever else the server is set to', () =>
  expect(folderKey('999:999', { ...settings, sql_mode: '' })).toBe(key));
