import { describe, expect, test } from 'vitest';
import { dataFileNames, tellApart, type FolderEntry } from '../../../drivers/mysql/beside-data.ts';
import { persistedDifferences, persistedIn } from '../../../drivers/mysql/persisted.ts';

const file = (name: string, unreadable = false): FolderEntry => ({
  name,
  folder: false,
  holdsTables: false,
  unreadable,
});
const folder = (name: string, holdsTables: boolean): FolderEntry => ({
  name,
  folder: true,
  holdsTables,
  unreadable: false,
});
const known = { schemas: ['shop'], dataFiles: ['system.data'] };

describe('what lies in a data folder', () => {
  test.each([
    'ibdata1',
    'ibtmp1',
    'ib_buffer_pool',
    '#ib_16384_0.dblwr',
    'ib_16384_0.dblwr',
    'undo_001',
    'mysql.ibd',
    'auto.cnf',
    'mysqld-auto.cnf',
    'binlog.000001',
    'binlog.index',
    'shop-bin.000123',
    'host.err',
    'mysqld.pid',
    'mysql_upgrade_history',
    'binlog.~rec~',
    'mysql.sock.lock',
    'ibdata1.muster-locked',
    'binlog.000001.muster-locked',
    'system.data',
    // Of MariaDB.
    'undo001',
    'undo001.muster-locked',
    'aria_log.00000001',
    'aria_log_control',
    'ddl_recovery.log',
    'multi-master.info',
    'mariadb_upgrade_info',
    // It says which transactions the log holds, of a log that is gone.
    'binlog.state',
  ])('%s is the data of the server', (name) =>
    expect(tellApart([file(name)], known)).toEqual({ data: [name], kept: [] }),
  );

  test.each([
    'ca.pem',
    'server-key.pem',
    'component_keyring_file.cnf',
    'mysqld.my',
    'keyring',
    'precious.txt',
    'notes.ibdata',
    'README',
    'system.data.copy',
    'undo001-notes',
  ])('%s lies beside it', (name) =>
    expect(tellApart([file(name)], known)).toEqual({ data: [], kept: [name] }),
  );

  test('a key that is none any more is not kept: the server makes another one', () =>
    expect(tellApart([file('server-key.pem', true)], known).kept).toEqual([]));

  test('a folder is a schema by what is in it or by its name', () => {
    const folders = [
      folder('mysql', true),
      folder('#innodb_redo', false),
      folder('app', true),
      folder('shop', false),
      folder('scripts', false),
    ];
    expect(tellApart(folders, known)).toEqual({
      data: ['mysql', '#innodb_redo', 'app', 'shop'],
      kept: ['scripts'],
    });
  });

  test('the setting names the files of the system tablespace', () => {
    expect(dataFileNames('system.data:12M;more:50M:autoextend')).toEqual(['system.data', 'more']);
    expect(dataFileNames(undefined)).toEqual([]);
  });
});

describe('what SET PERSIST keeps', () => {
  const meta = { Timestamp: 1, User: 'root', Host: '' };
  const text = JSON.stringify({
    Version: 2,
    mysql_static_variables: { back_log: { Value: '99', Metadata: meta } },
    mysql_dynamic_variables: { max_connections: { Value: '77', Metadata: meta } },
    mysql_dynamic_parse_early_variables: { 'keycache.key_buffer_size': { Value: '8', Metadata: meta } },
  });

  test('is read from every group of the file', () =>
    expect(persistedIn(text)).toEqual({
      back_log: '99',
      max_connections: '77',
      'keycache.key_buffer_size': '8',
    }));
  test.each(['', 'nothing', '[', '"text"', 'null'])('%j is no such file', (broken) =>
    expect(persistedIn(broken)).toBeNull(),
  );

  test('differs in values, in what is there, and in what is gone', () => {
    expect(persistedDifferences({ a: '1', b: '2', d: '4' }, { a: '1', b: '3', c: '5' })).toEqual([
      'b: 2 in the folder, 3 in the recovery point',
      'c: not persisted in the folder, 5 in the recovery point',
      'd: 4 in the folder, not persisted in the recovery point',
    ]);
  });
});
