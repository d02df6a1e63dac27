import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, test } from 'vitest';
import { scanBinlog, walkBinlog, type Visitor } from '../../drivers/mysql/binlog-scan.ts';
import { eventTypes } from '../../drivers/mysql/binlog-events.ts';
import { inspectDump, isComplete, readHead } from '../../drivers/mysql/dump-file.ts';
import { gtidSet, parseGtid } from '../../drivers/mysql/gtid.ts';
import { redis } from '../../drivers/redis/product.ts';
import { assertRdbEdges, keysRead } from '../../drivers/redis/rdb-format.ts';
import { frameParser } from '../../stack/frames.ts';
import { anything, changed, changes, readOrRefused } from './bytes.ts';
import { runs, timeLimit } from './mutations.ts';

const folder = mkdtempSync(join(tmpdir(), 'muster-answers-'));
const onDisk = (bytes: Buffer): string => {
  const file = join(folder, 'answer');
  writeFileSync(file, bytes);
  return file;
};

describe('whatever a server or a file answers, it is a value or an error of ours', () => {
  const logs = [1, 2, 3].map((number) =>
    readFileSync(join(import.meta.dirname, `../fixtures/mysql/binlog.00000${number}`)),
  );
  /** Without its checksums a change reaches what reads the event. */
  const plain = logs.map((log) => {
    const copy = Buffer.from(log);
    const format = 4;
    copy[format + copy.readUInt32LE(format + 9) - 5] = 0;
    return copy;
  });

  const formatEnd = 4 + plain[0]!.readUInt32LE(4 + 9);
  const event = fc
    .record({ type: fc.constantFrom(...Object.values(eventTypes)), body: fc.uint8Array({ maxLength: 70 }) })
    .map(({ type, body }) => {
      const header = Buffer.alloc(19);
      header[4] = type;
      header.writeUInt32LE(header.length + body.length, 9);
      return Buffer.concat([header, body]);
    });

  const visitor: Visitor = { onPrevious: () => undefined, onTransaction: () => true };
  /** In two pieces, so that an event may be cut in the middle as it is where a read of a file ends. */
  const walked = (bytes: Buffer, anonymous: boolean, cut: number): void => {
    const walk = walkBinlog('binlog.000001', visitor, anonymous);
    const place = Math.floor(cut * bytes.length);
    if (walk.take(bytes.subarray(0, place)) && walk.take(bytes.subarray(place))) walk.end();
  };
  const cut = fc.double({ min: 0, max: 1, noNaN: true });

  test('a binary log whose events are well framed and hold anything', { timeout: timeLimit }, async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(event, { maxLength: 4 }),
        fc.boolean(),
        cut,
        async (events, anonymous, place) => {
          await readOrRefused(() =>
            walked(Buffer.concat([plain[0]!.subarray(0, formatEnd), ...events]), anonymous, place),
          );
        },
      ),
      runs(500),
    );
  });

  const log = fc.oneof(
    {
      weight: 9,
      arbitrary: fc
        .tuple(fc.constantFrom(...logs, ...plain), changes)
        .map(([bytes, all]) => all.reduce(changed, bytes)),
    },
    { weight: 1, arbitrary: anything },
  );
  test('a binary log', { timeout: timeLimit }, async () => {
    await fc.assert(
      fc.asyncProperty(log, fc.boolean(), cut, async (bytes, anonymous, place) =>
        readOrRefused(() => walked(bytes, anonymous, place)),
      ),
      runs(300),
    );
  });

  test('a binary log in a file', { timeout: timeLimit }, async () => {
    await fc.assert(
      fc.asyncProperty(log, fc.boolean(), async (bytes, anonymous) =>
        readOrRefused(() => scanBinlog(onDisk(bytes), 'binlog.000001', visitor, anonymous)),
      ),
      runs(100, 10),
    );
  });

  const dump = Buffer.from(
    "-- MySQL dump\nSET @@GLOBAL.GTID_PURGED=/*!80000 '+'*/ '3e11fa47-71ca-11e1-9e33-c80aa9429562:1-5';\n-- CHANGE REPLICATION SOURCE TO SOURCE_LOG_FILE='binlog.000002', SOURCE_LOG_POS=158;\nCREATE TABLE a (id int);\n-- Dump completed on 2026-11-28\n",
  );
  const dumps = changes.map((all) => all.reduce(changed, dump));
  test('a dump', { timeout: timeLimit }, () => {
    fc.assert(
      fc.property(dumps, (bytes) => {
        const text = bytes.toString();
        isComplete(text);
        readHead(text);
      }),
      runs(500),
    );
  });

  test('a dump in a file', { timeout: timeLimit }, async () => {
    await fc.assert(
      fc.asyncProperty(dumps, async (bytes) => readOrRefused(() => inspectDump(onDisk(bytes), null))),
      runs(100, 10),
    );
  });

  test('a snapshot of Redis, and what its checker says', { timeout: timeLimit }, async () => {
    await fc.assert(
      fc.asyncProperty(anything, anything, fc.nat(), fc.string(), async (head, tail, bytes, said) => {
        await readOrRefused(() =>
          assertRdbEdges(redis, { head: Buffer.concat([Buffer.from('REDIS0011'), head]), tail, bytes }),
        );
        await readOrRefused(() => keysRead(said));
      }),
      runs(1_500),
    );
  });

  test('a set of GTIDs', { timeout: timeLimit }, () => {
    const piece = fc.constantFrom(
      '3e11fa47-71ca-11e1-9e33-c80aa9429562',
      ':',
      '-',
      ',',
      '1',
      '5',
      '99999999999999999999',
      '0',
      'tag',
      '\n',
      ' ',
      '__proto__',
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.array(piece, { maxLength: 20 }).map((all) => all.join('')),
          fc.string(),
        ),
        (text) => {
          parseGtid(text);
          try {
            const set = gtidSet(text);
            set.without(gtidSet(set.toString())).count();
          } catch (error) {
            if (!(error instanceof TypeError && error.message.startsWith('not a GTID set'))) throw error;
          }
        },
      ),
      runs(1_500),
    );
  });

  test('frames of the engine, cut anywhere', { timeout: timeLimit }, () => {
    fc.assert(
      fc.property(fc.array(anything, { maxLength: 6 }), (chunks) => {
        const { take, isWhole } = frameParser(() => undefined);
        for (const chunk of chunks) take(chunk);
        isWhole();
      }),
      runs(1_500),
    );
  });
});
