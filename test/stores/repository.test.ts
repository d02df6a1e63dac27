import { readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { systemClock } from '../../core/clock.ts';
import { MusterError } from '../../core/errors.ts';
import { filesOf, type RecoveryPoint } from '../../core/recovery-point.ts';
import { keyIdOf } from '../../stores/cipher.ts';
import { createRepository } from '../../stores/repository.ts';
import { everything, files } from './dump-files.ts';
import { alteringStore, cuttingStore } from './faulty.ts';
import { lies, truths } from './lies.ts';
import { backUp, consistency, fetched, key, spec, workbench } from './workbench.ts';

describe('a store that lies', () => {
  test.each(lies)(
    'is refused when it gives $what of the $object (encrypted: $encrypt), unless that harms nothing',
    async ({ alter, matches, encrypt, refused: mustRefuse }) => {
      await using bench = await workbench();
      const made = await backUp(bench.repository, files, { ...spec, encrypt });
      const { repository } = await bench.reopened(alteringStore(matches, alter));
      const context = await bench.fetchContext();
      const asked = repository.fetch(made, 'two', context);
      if (!mustRefuse) return void (await asked);
      const error = await asked.catch((reason: unknown) => reason as MusterError);
      expect(error).toBeInstanceOf(MusterError);
      expect((error as MusterError).message).toMatch(/(dump\.sql|point\.prepared).*in store two/);
      expect(error).toMatchObject({ found: expect.any(String), expected: expect.any(String) });
      expect(await everything(context.folder)).toEqual([]);
    },
  );

  test.each(truths)(
    'is none that gives $what, of the $object (encrypted: $encrypt)',
    async ({ cut: inPieces, matches, encrypt }) => {
      await using bench = await workbench();
      const made = await backUp(bench.repository, files, { ...spec, encrypt });
      const { repository } = await bench.reopened(cuttingStore(matches, inPieces));
      const artifact = await repository.fetch(made, 'two', await bench.fetchContext());
      expect(artifact.files).toHaveLength(Object.keys(files).length);
      for (const file of artifact.files)
        expect((await readFile(file.path)).equals(files[file.name as keyof typeof files])).toBe(true);
    },
  );

  test.each(['dump.sql.zst.enc', 'point.prepared'])('is refused when %s is gone', async (name) => {
    await using bench = await workbench();
    const made = await backUp(bench.repository, files);
    const path = (await everything(join(bench.folder, 'one'))).find((one) => one.endsWith(name))!;
    await rm(path);
    await expect(fetched(bench, made, 'one')).rejects.toThrow(new RegExp(`store one has no .*${name}`));
    await fetched(bench, made, 'two');
  });
});

test.each([
  [
    'a key that leads elsewhere',
    [{ key: 'points/mysql/dump/../point.json', bytes: 10 }],
    /could leave its folder/,
  ],
  [
    'a recovery point beyond all measure',
    [{ key: 'points/mysql/dump/p/point.json', bytes: 2 ** 40 }],
    /is not a recovery point/,
  ],
  [
    'a recovery point that is longer than it is listed',
    [{ key: 'points/mysql/dump/p/point.json', bytes: 10 }],
    /is not a recovery point/,
  ],
])(
  'a store that lists %s is refused, as a store that does not hold what it should',
  async (_what, listed, reason) => {
    await using bench = await workbench();
    const endless = Readable.from(
      (function* () {
        for (;;) yield Buffer.alloc(1024 * 1024, ' ');
      })(),
    );
    const { repository } = await bench.reopened((store) => ({
      ...store,
      list: async () => listed,
      read: async () => endless,
    }));
    await expect(repository.points('mysql', 'dump', 'one')).rejects.toMatchObject({
      trouble: 'environment',
      message: expect.stringMatching(reason) as string,
    });
  },
);

test('another key is refused by its id, and neither key is told', async () => {
  await using bench = await workbench();
  const made = await backUp(bench.repository, files);
  const other = Buffer.alloc(32, 3);
  const { repository } = await bench.reopened((store) => store, other);
  const error = await repository
    .fetch(made, 'one', await bench.fetchContext())
    .catch((reason: unknown) => reason as MusterError);
  expect(error).toMatchObject({
    message: expect.stringContaining('another key'),
    found: expect.stringContaining(keyIdOf(other)),
    expected: expect.stringContaining(keyIdOf(key)),
  });
  expect(JSON.stringify(error)).not.toContain(other.toString('hex'));
});

test('an unknown store, and no store at all, are refused', async () => {
  await using bench = await workbench();
  await expect(bench.repository.points('mysql', 'dump', 'three')).rejects.toMatchObject({
    trouble: 'input',
    found: 'three',
    expected: 'one of one, two',
  });
  await expect(bench.repository.begin({ ...spec, copies: ['one', 'three'] })).rejects.toMatchObject({
    trouble: 'input',
  });
  await expect(bench.repository.begin({ ...spec, copies: [] })).rejects.toMatchObject({ trouble: 'input' });
});

test('a fetch stops when it is told to', async () => {
  await using bench = await workbench();
  const made = await backUp(bench.repository, files);
  const context = { ...(await bench.fetchContext()), signal: AbortSignal.abort(new Error('told to stop')) };
  await expect(bench.repository.fetch(made, 'one', context)).rejects.toThrow();
  expect((await stat(context.folder)).isDirectory()).toBe(true);
  expect(await everything(context.folder)).toEqual([]);
});

test("points of other drills in the same stores are told apart, newest first by the wall clock, and are nobody else's to damage", async () => {
  await using bench = await workbench();
  const older = await backUp(bench.repository, files);
  const other = await bench.otherDrill();
  const newer = await backUp(other, files, spec, consistency.atMs + 1_000);
  expect([
    await other.points('mysql', 'dump', 'one'),
    await other.points('mysql', 'dump', 'one', 'external'),
  ]).toEqual([[newer], [{ ...older, provenance: 'external' }]]);
  const third = createRepository({
    stores: bench.stores,
    key: () => key,
    clock: systemClock,
    originMs: systemClock.nowMs() - 3_600_000,
    drill: 'drill-3',
  });
  expect((await third.points('mysql', 'dump', 'two', 'external')).map(({ id }) => id)).toEqual([
    newer.id,
    older.id,
  ]);
  const wroteOf = (point: RecoveryPoint): boolean[][] =>
    filesOf(point).map(({ key: at }) => [bench.repository.wrote(at), other.wrote(at)]);
  expect(wroteOf(older)).toEqual(filesOf(older).map(() => [true, false]));
  expect(wroteOf(newer)).toEqual(filesOf(newer).map(() => [false, true]));
  expect(bench.repository.wrote('holiday.jpg')).toBe(false);
});
