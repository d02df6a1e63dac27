import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { inspectDump, isComplete, readHead, watchDump } from '../../../drivers/mysql/dump-file.ts';

const head = `-- MySQL dump 10.13  Distrib 9.7.4, for Linux (x86_64)
SET @@SESSION.SQL_LOG_BIN= 0;
SET @@GLOBAL.GTID_PURGED=/*!80000 '+'*/ 'd654d6e5-e54e-11f1-9af9-0242ac120002:1-12,
f201a79e-e54e-11f1-bab9-e181e1e5d98c:1-4';
-- CHANGE REPLICATION SOURCE TO SOURCE_LOG_FILE='binlog.000002', SOURCE_LOG_POS=198;
`;
const end = '\n-- Dump completed on 2026-11-21  1:57:26\n';
const dump = `${head}INSERT INTO t VALUES (1);\n${end}`;

test('the head says which transactions the dump holds and where the log stood', () => {
  expect(readHead(dump)).toEqual({
    gtid: 'd654d6e5-e54e-11f1-9af9-0242ac120002:1-12,f201a79e-e54e-11f1-bab9-e181e1e5d98c:1-4',
    file: 'binlog.000002',
    position: '198',
  });
  expect(readHead('-- nothing of the kind')).toEqual({ gtid: null, file: null, position: null });
});

test.each([
  [dump, true],
  [dump.slice(0, -1), false],
  [head, false],
  [`${dump}more\n`, false],
  ['', false],
])('complete only with its last line (%#)', (text, whole) => {
  expect(isComplete(text)).toBe(whole);
});

describe('a dump on its way', () => {
  const through = async (content: string, code: number, floorBytes = 10): Promise<string> => {
    const watch = watchDump(async () => ({ code, stderr: 'mysqldump: Error 2013' }), floorBytes);
    let out = '';
    await pipeline(
      Readable.from([...content].map((character) => Buffer.from(character))),
      watch.stream,
      async (rows: AsyncIterable<Buffer>) => {
        for await (const chunk of rows) out += chunk.toString();
      },
    );
    return out;
  };
  test('passes unchanged', async () => expect(await through(dump, 0)).toBe(dump));
  test('is an error when mysqldump failed, whatever it printed', () =>
    expect(through(dump, 3)).rejects.toThrow('mysqldump ended with code 3'));
  test('is an error when its last line is missing, whatever mysqldump said', () =>
    expect(through(head, 0)).rejects.toThrow('not complete'));
  test('is an error when it is too small', () => expect(through(end, 0, 1_000)).rejects.toThrow('too small'));
});

describe('a dump before it is restored', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'muster-dump-'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));
  const written = async (content: string): Promise<string> => {
    const path = join(folder, 'dump.sql');
    await writeFile(path, content);
    return path;
  };
  const sha256 = createHash('sha256').update(dump).digest('hex');
  test('is taken when it is whole', async () =>
    expect((await inspectDump(await written(dump), sha256)).file).toBe('binlog.000002'));
  test('is refused when it is cut off', async () =>
    expect(inspectDump(await written(dump.slice(0, -20)), null)).rejects.toThrow('cut off'));
  test('is refused when one byte differs', async () =>
    expect(inspectDump(await written(dump.replace('(1)', '(2)')), sha256)).rejects.toThrow('altered'));
});
