import { mkdtempSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { PlainFile } from '../../../core/backup.ts';
import {
  scanBinlog,
  type FileEnd,
  type Transaction,
  type Visitor,
} from '../../../drivers/mysql/binlog-scan.ts';
import { scratch } from '../../support/scratch.ts';

/**
 * The logs are MySQL 9.7.4's own: three files of one server, ten transactions. 1 CREATE DATABASE, 2 CREATE
 * TABLE, 3 a row, 4 rows with a savepoint that is rolled back, | 5 a row, 6 CREATE TABLE ... SELECT, 7 CREATE
 * PROCEDURE, 8 DROP TABLE orders, | 9 CREATE TABLE, 10 a row.
 */
export const folder = join(import.meta.dirname, '../../fixtures/mysql');
export const server = 'f201a79e-e54e-11f1-bab9-e181e1e5d98c';
export const names = ['binlog.000001', 'binlog.000002', 'binlog.000003'];

export const files = (...chosen: string[]): PlainFile[] =>
  chosen.map((name) => ({ name, path: join(folder, name), bytes: 0 }));

/** A changed copy of one of the files, under its own name. */
export async function changed(name: string, change: (content: Buffer) => Buffer): Promise<PlainFile> {
  const path = join(mkdtempSync(join(scratch, 'binlog-')), name);
  const content = change(await readFile(join(folder, name)));
  await writeFile(path, content);
  return { name, path, bytes: content.length };
}

export interface Read {
  all: Transaction[];
  end: FileEnd;
}
export const collecting = (all: Transaction[]): Visitor => ({
  onPrevious: () => undefined,
  onTransaction: (one) => {
    all.push(one);
    return true;
  },
});
export async function transactions(file: PlainFile): Promise<Read> {
  const all: Transaction[] = [];
  const end = await scanBinlog(file.path, file.name, collecting(all));
  return { all, end };
}
