import { copyFile, readFile, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import type { Artifact } from '../../core/backup.ts';
import { MusterError } from '../../core/errors.ts';
import type { LogWriter, PointSpec, Store } from '../../core/store.ts';
import { alteringStore, Nth } from './faulty.ts';
import {
  alteredSegments,
  cutSegments,
  failingCalls,
  goodLogs,
  missingSegments,
  otherLogs,
  wholeLogs,
} from './log-cases.ts';
import { spec as dump, workbench, type Workbench } from './workbench.ts';

const spec: PointSpec = { ...dump, backup: 'binlog', method: 'binlog' };
const pieces = ['BEGIN;', 'INSERT 1;', 'COMMIT;', 'BEGIN;', 'INSERT 2;', 'COMMIT;'].map((text) =>
  Buffer.from(text),
);

async function appended(bench: Workbench, file: string, parts: Buffer[], writer?: LogWriter): Promise<void> {
  const log = writer ?? (await bench.repository.followLog(spec, () => {}));
  let offset = 0;
  for (const part of parts) {
    await log.append(file, offset, part);
    offset += part.length;
  }
  if (!writer) await log.close();
}

const fetchLog = async (bench: Workbench, store = 'one', repository = bench.repository): Promise<Artifact> =>
  repository.fetchLog('mysql', 'binlog', store, await bench.fetchContext());
const contents = async (artifact: Artifact): Promise<Record<string, string>> =>
  Object.fromEntries(
    await Promise.all(artifact.files.map(async ({ name, path }) => [name, String(await readFile(path))])),
  );
const segmentPath = (bench: Workbench, store: string, segment: number): string =>
  join(bench.folder, store, `logs/mysql/binlog/drill-1/${String(segment).padStart(10, '0')}.zst.enc`);

describe('a followed log', () => {
  test.each(wholeLogs)('comes back as it was, from either copy (encrypted: %j)', async (encrypt) => {
    await using bench = await workbench();
    const durable: number[] = [];
    const log = await bench.repository.followLog({ ...spec, encrypt }, (segment) =>
      durable.push(segment.segment),
    );
    await appended(bench, 'binlog.000001', pieces, log);
    await appended(bench, 'binlog.000002', [Buffer.alloc(300_000, 'x')], log);
    await log.close();
    for (const store of ['one', 'two']) {
      const context = await bench.fetchContext();
      const artifact = await bench.repository.fetchLog('mysql', 'binlog', store, context);
      expect(await contents(artifact)).toEqual({
        'binlog.000001': pieces.join(''),
        'binlog.000002': 'x'.repeat(300_000),
      });
      expect(artifact).toMatchObject({
        method: 'binlog',
        facts: { segments: 8, lastSegment: 7, startedAnew: [] },
      });
      expect(context.stages).toEqual(['fetch', 'decrypt']);
      expect((await readdir(context.folder)).sort()).toEqual(['binlog.000001', 'binlog.000002']);
    }
    expect(durable).toEqual([1, 2, 3, 4, 5, 6, 7]);
  });

  test('is durable in every copy before an append resolves, and says when it was read', async () => {
    await using bench = await workbench();
    const begunMs = Date.now();
    const seen: { bytes: number; copies: string[] }[] = [];
    const log = await bench.repository.followLog(spec, () => {});
    for (const [index, piece] of pieces.slice(0, 2).entries()) {
      await log.append('f', index === 0 ? 0 : pieces[0]!.length, piece);
      const copies = [];
      for (const [name, store] of bench.stores)
        if ((await store.list('logs/')).length === index + 2) copies.push(name);
      seen.push({ bytes: piece.length, copies });
    }
    expect(seen.map(({ copies }) => copies)).toEqual([
      ['one', 'two'],
      ['one', 'two'],
    ]);
    await log.close();
    const facts = (await fetchLog(bench)).facts as { lastReadAt: string };
    expect(Date.parse(facts.lastReadAt)).toBeGreaterThanOrEqual(begunMs - 1);
    expect(Date.parse(facts.lastReadAt)).toBeLessThanOrEqual(Date.now() + 1);
  });

  test(goodLogs.reordered, async () => {
    await using bench = await workbench();
    const log = await bench.repository.followLog(spec, () => {});
    let offset = 0;
    await Promise.all(pieces.map((piece) => log.append('f', (offset += piece.length) - piece.length, piece)));
    expect(await contents(await fetchLog(bench))).toEqual({ f: pieces.join('') });
  });

  test('that was opened and never appended to is an empty log; one that never was is an error', async () => {
    await using bench = await workbench();
    await expect(fetchLog(bench)).rejects.toThrow(/has no log of mysql\.binlog/);
    await (await bench.repository.followLog(spec, () => {})).close();
    expect((await fetchLog(bench)).files).toEqual([]);
  });

  test(goodLogs.anew, async () => {
    await using bench = await workbench();
    await appended(bench, 'f', pieces);
    await appended(bench, 'f', [Buffer.from('anew')]);
    const artifact = await fetchLog(bench);
    expect(await contents(artifact)).toEqual({ f: 'anew' });
    expect(artifact.facts).toMatchObject({ startedAnew: ['f'] });
  });

  test(goodLogs.resumed, async () => {
    await using bench = await workbench();
    await appended(bench, 'f', pieces.slice(0, 2));
    const aside = join(bench.folder, 'aside');
    await appended(bench, 'g', [Buffer.from('never acknowledged')]);
    await rename(segmentPath(bench, 'two', 3), aside);
    expect(await contents(await fetchLog(bench, 'one'))).toMatchObject({ g: 'never acknowledged' });
    await appended(bench, 'h', [Buffer.from('new')]);
    for (const store of ['one', 'two'])
      expect(await contents(await fetchLog(bench, store))).toEqual({ f: 'BEGIN;INSERT 1;', h: 'new' });
    // A copy that lost more than what may have been under way is not written to.
    for (const segment of [2, 3]) await rm(segmentPath(bench, 'two', segment));
    await expect(bench.repository.followLog(spec, () => {})).rejects.toMatchObject({
      message: expect.stringContaining('drifted apart'),
      found: 'segments: 4 in one, 2 in two',
    });
  });

  test('is not appended to with a gap, under a path, or when closed', async () => {
    await using bench = await workbench();
    const log = await bench.repository.followLog(spec, () => {});
    await log.append('f', 0, pieces[0]!);
    await expect(log.append('f', pieces[0]!.length + 1, pieces[1]!)).rejects.toThrow(
      /not appended to at its end/,
    );
    await expect(log.append('../f', 0, pieces[1]!)).rejects.toThrow(/is refused/);
    await log.close();
    await expect(log.append('f', pieces[0]!.length, pieces[1]!)).rejects.toThrow(/closed/);
    expect(await contents(await fetchLog(bench))).toEqual({ f: String(pieces[0]) });
  });
});

describe('a log is refused', () => {
  test.each(missingSegments)('when segment %i is missing', async (segment) => {
    await using bench = await workbench();
    await appended(bench, 'f', pieces);
    await rm(segmentPath(bench, 'one', segment));
    await expect(fetchLog(bench)).rejects.toThrow(
      new RegExp(`segment ${segment} of the log of mysql\\.binlog is missing`),
    );
    expect(await contents(await fetchLog(bench, 'two'))).toEqual({ f: pieces.join('') });
  });

  // What cannot be seen: the facts are there to be held against the timeline.
  test('not when it is the last that is missing, but then it says which one is the last', async () => {
    await using bench = await workbench();
    await appended(bench, 'f', pieces);
    await rm(segmentPath(bench, 'one', 6));
    expect((await fetchLog(bench)).facts).toMatchObject({
      lastSegment: 5,
      limits: [expect.stringContaining('cannot be seen')],
    });
  });

  test.each(alteredSegments)('when a segment is $what (encrypted: $encrypt)', async ({ alter, encrypt }) => {
    await using bench = await workbench();
    const log = await bench.repository.followLog({ ...spec, encrypt }, () => {});
    await appended(bench, 'f', pieces, log);
    const { repository } = await bench.reopened(alteringStore(/0000000003/, alter));
    await expect(fetchLog(bench, 'one', repository)).rejects.toThrow(/0000000003.* in store one is refused/);
  });

  test.each(cutSegments)(
    'not when a store gives $what of a segment (encrypted: $encrypt)',
    async ({ cut, encrypt }) => {
      await using bench = await workbench();
      const log = await bench.repository.followLog({ ...spec, encrypt }, () => {});
      await appended(bench, 'f', pieces, log);
      const bytesOf = async (stream: Readable): Promise<Buffer> =>
        Buffer.concat((await stream.toArray()) as Buffer[]);
      const inPieces = (store: Store): Store => ({
        ...store,
        read: async (key) =>
          /0000000003/.test(key) ? Readable.from(cut(await bytesOf(await store.read(key)))) : store.read(key),
      });
      const { repository } = await bench.reopened(inPieces);
      expect(await contents(await fetchLog(bench, 'one', repository))).toEqual({ f: pieces.join('') });
    },
  );

  test(`when ${otherLogs.swapped}`, async () => {
    await using bench = await workbench();
    await appended(bench, 'f', pieces);
    await copyFile(segmentPath(bench, 'one', 1), segmentPath(bench, 'one', 4));
    await expect(fetchLog(bench)).rejects.toThrow(/0000000004/);
  });

  test(`when ${otherLogs.otherTime}`, async () => {
    await using bench = await workbench();
    await using other = await workbench();
    await appended(bench, 'f', pieces);
    await appended(other, 'f', pieces);
    await copyFile(segmentPath(other, 'one', 3), segmentPath(bench, 'one', 3));
    await expect(fetchLog(bench)).rejects.toThrow(/0000000003.* does not follow from the segment before/);
  });

  test(`when ${otherLogs.gap}`, async () => {
    await using bench = await workbench();
    await appended(bench, 'f', pieces);
    const log = await bench.repository.followLog(spec, () => {});
    await log.append('f', 1_000, pieces[0]!);
    await expect(fetchLog(bench)).rejects.toMatchObject({
      message: expect.stringContaining('has a gap'),
      found: 'offset 1000',
      expected: `offset ${pieces.join('').length}`,
    });
  });

  test(`when ${otherLogs.otherKey}`, async () => {
    await using bench = await workbench();
    await appended(bench, 'f', pieces);
    const { repository } = await bench.reopened((store: Store) => store, Buffer.alloc(32, 1));
    await expect(fetchLog(bench, 'one', repository)).rejects.toThrow(MusterError);
  });
});

test.each(failingCalls)(
  'an append whose nth call fails (%s) may be repeated, and nothing is lost or doubled',
  async (when) => {
    for (let n = 1; ; n += 1) {
      const nth = new Nth(n, when);
      await using bench = await workbench(nth.wrap);
      const again = async <T>(work: () => Promise<T>): Promise<T> => work().catch(work);
      const log = await again(() => bench.repository.followLog(spec, () => {}));
      let offset = 0;
      for (const piece of pieces) {
        await again(() => log.append('f', offset, piece));
        offset += piece.length;
      }
      const { repository } = await bench.reopened();
      for (const store of ['one', 'two'])
        expect(await contents(await fetchLog(bench, store, repository)), `call ${n}, ${nth.failed}`).toEqual({
          f: pieces.join(''),
        });
      if (nth.failed === null) break;
    }
  },
);

test('a body that is read from a store is no bigger than it was when listed', async () => {
  await using bench = await workbench();
  await appended(bench, 'f', pieces);
  const { repository } = await bench.reopened((store) => ({
    ...store,
    read: async (key) => (/0000000002/.test(key) ? Readable.from([Buffer.alloc(10)]) : store.read(key)),
  }));
  await expect(fetchLog(bench, 'one', repository)).rejects.toMatchObject({
    message: expect.stringContaining('cut off'),
    found: '10 bytes',
  });
});
