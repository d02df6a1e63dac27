import { createHash, randomBytes } from 'node:crypto';
import { mkdir, readFile, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { systemClock } from '../../core/clock.ts';
import { MusterError } from '../../core/errors.ts';
import { manifestSchema, type Manifest } from '../../core/store.ts';
import { keyIdOf } from '../../stores/cipher.ts';
import { createVault } from '../../stores/vault.ts';
import { alteringStore, cuttingStore } from './faulty.ts';
import { lies, truths } from './lies.ts';
import { backUp, consistency, cut, fetched, key, spec, workbench, type Workbench } from './workbench.ts';

const sql = Buffer.from(
  Array.from({ length: 40_000 }, (_, id) => `INSERT INTO users VALUES (${id},'user-${id}@example');\n`).join(
    '',
  ),
);
const files = { 'dump.sql': sql, 'grants/roles.sql': Buffer.from('GRANT ALL'), 'empty.sql': Buffer.alloc(0) };
const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');
const points = (bench: Workbench, store = 'one'): Promise<Manifest[]> =>
  bench.vault.points('mysql', 'dump', store);

async function everything(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}

describe('a recovery point', () => {
  test.each([true, false])('comes back as it was, from either copy (encrypted: %j)', async (encrypt) => {
    await using bench = await workbench();
    const { manifest } = await backUp(bench.vault, files, { ...spec, encrypt });
    for (const store of ['one', 'two']) {
      const context = await bench.fetchContext();
      const artifact = await bench.vault.fetch(manifest, store, context);
      expect(artifact).toMatchObject({
        point: manifest.point,
        method: 'dump',
        position: consistency.position,
        tool: consistency.tool,
        server: consistency.server,
        facts: { tables: 3 },
      });
      expect(artifact.files.map(({ name, bytes }) => [name, bytes])).toEqual(
        Object.entries(files).map(([name, bytes]) => [name, bytes.length]),
      );
      for (const file of artifact.files)
        expect((await readFile(file.path)).equals(files[file.name as keyof typeof files])).toBe(true);
      expect(context.stages).toEqual(['fetch', 'decrypt']);
      expect(context.progressed.at(-1)).toEqual({ done: sql.length + 9, total: sql.length + 9 });
      // What was fetched and not yet decrypted is gone.
      expect((await everything(context.folder)).length).toBe(3);
    }
  });

  test('says in its manifest what is in it, and where', async () => {
    await using bench = await workbench();
    const point = await bench.vault.begin(spec);
    expect(await point.put('dump.sql', Readable.from(cut(sql)))).toEqual({
      plainBytes: sql.length,
      sha256: sha256(sql),
    });
    const { manifest, sha256: digest } = await point.commit(consistency);
    expect(manifest).toMatchObject({
      point: point.point,
      component: 'mysql',
      backup: 'dump',
      method: 'dump',
      drill: 'drill-1',
      consistentAtMs: 1_234.5,
      position: { gtid: 'aaaa:1-7' },
      copies: ['one', 'two'],
      compression: 'zstd',
      encryption: { keyId: keyIdOf(key) },
    });
    expect(manifest.timingsMs['files']).toBeGreaterThan(0);
    for (const store of ['one', 'two']) {
      const text = await readFile(
        join(bench.folder, store, `points/mysql/dump/${point.point}/manifest.json`),
      );
      expect(sha256(text)).toBe(digest);
      expect(manifestSchema.parse(JSON.parse(String(text)))).toEqual(manifest);
      const stored = await readFile(join(bench.folder, store, manifest.files[0]!.key));
      expect(manifest.files[0]).toMatchObject({
        plainBytes: sql.length,
        plainSha256: sha256(sql),
        storedBytes: stored.length,
        storedSha256: sha256(stored),
      });
      expect(stored.length).toBeLessThan(sql.length / 2);
    }
  });

  test('shows no plain byte and no key in any store', async () => {
    await using bench = await workbench();
    const marker = Buffer.from('a-marker-that-no-store-may-see');
    await backUp(bench.vault, { 'a.sql': marker, 'b.sql': Buffer.concat([randomBytes(3_000_000), marker]) });
    const log = await bench.vault.followLog({ ...spec, backup: 'binlog' }, () => {});
    await log.append('binlog.000001', 0, marker);
    await log.close();
    const paths = await everything(bench.folder);
    expect(paths.length).toBe(2 * (2 + 2 + 2));
    for (const path of paths) {
      const bytes = await readFile(path);
      for (const secret of [
        marker,
        key,
        Buffer.from(key.toString('hex')),
        Buffer.from(key.toString('base64')),
      ])
        expect(bytes.includes(secret), path).toBe(false);
    }
  });

  test('does not exist before it is committed, nor after it was abandoned', async () => {
    await using bench = await workbench();
    const point = await bench.vault.begin(spec);
    await point.put('dump.sql', Readable.from(cut(sql)));
    expect(await points(bench)).toEqual([]);
    await point.abort();
    expect(await everything(bench.folder)).toEqual([]);
    await expect(point.commit(consistency)).rejects.toThrow(MusterError);
    expect(await points(bench)).toEqual([]);
  });

  test('is not lost when it is abandoned after all', async () => {
    await using bench = await workbench();
    const point = await bench.vault.begin(spec);
    await point.put('dump.sql', Readable.from(cut(sql)));
    const { manifest } = await point.commit(consistency);
    await point.abort();
    expect(await points(bench)).toEqual([manifest]);
  });

  test('is abandoned in the middle of a file at once', async () => {
    await using bench = await workbench();
    const point = await bench.vault.begin(spec);
    const endless = Readable.from(
      (async function* () {
        for (;;) yield randomBytes(100_000);
      })(),
    );
    const put = point.put('dump.sql', endless);
    put.catch(() => {});
    await point.abort();
    await expect(put).rejects.toThrow(/abandoned/);
    expect(endless.destroyed).toBe(true);
    expect(await everything(bench.folder)).toEqual([]);
  });

  test('cannot be completed without a file, with one unfinished, with one that failed, or twice', async () => {
    await using bench = await workbench();
    await expect((await bench.vault.begin(spec)).commit(consistency)).rejects.toMatchObject({
      found: 'no file was put',
    });
    const unfinished = await bench.vault.begin(spec);
    const put = unfinished.put('dump.sql', new Readable({ read: () => {} }));
    put.catch(() => {});
    await expect(unfinished.commit(consistency)).rejects.toMatchObject({
      found: 'still being put: dump.sql',
    });
    const failed = await bench.vault.begin(spec);
    await expect(
      failed.put(
        'dump.sql',
        Readable.from(
          (function* () {
            yield sql;
            throw new Error('mysqldump ended with 2');
          })(),
        ),
      ),
    ).rejects.toThrow('mysqldump ended with 2');
    await expect(failed.commit(consistency)).rejects.toThrow(/takes nothing more/);
    const done = await bench.vault.begin(spec);
    await done.put('dump.sql', Readable.from(cut(sql)));
    await done.commit(consistency);
    await expect(done.commit(consistency)).rejects.toThrow(/takes nothing more/);
    expect((await points(bench)).length).toBe(1);
  });

  test.each(['../../escape', '/etc/cron.d/x', 'a/../../x', ''])('takes no file named %j', async (name) => {
    await using bench = await workbench();
    const point = await bench.vault.begin(spec);
    await expect(point.put(name, Readable.from([sql]))).rejects.toThrow(/is refused/);
  });

  test('may hold a file that is called like its own manifest', async () => {
    await using bench = await workbench();
    const { manifest } = await backUp(bench.vault, { 'manifest.json': Buffer.from('theirs') });
    const artifact = await fetched(bench, manifest, 'two');
    expect(String(await readFile(artifact.files[0]!.path))).toBe('theirs');
  });

  test('is listed newest first, in its own backup only', async () => {
    await using bench = await workbench();
    const made = [];
    for (const atMs of [5, 1, 9]) {
      const point = await bench.vault.begin(spec);
      await point.put('dump.sql', Readable.from([sql]));
      made.push((await point.commit({ ...consistency, atMs })).manifest.point);
    }
    await backUp(bench.vault, files, { ...spec, backup: 'dump-2' });
    expect((await points(bench)).map(({ point }) => point)).toEqual([made[2], made[0], made[1]]);
  });
});

describe('a store that lies', () => {
  test.each(lies)(
    'is refused when it gives $what of the $object (encrypted: $encrypt), unless that harms nothing',
    async ({ alter, matches, encrypt, refused: mustRefuse }) => {
      await using bench = await workbench();
      const { manifest } = await backUp(bench.vault, files, { ...spec, encrypt });
      const { vault } = await bench.reopened(alteringStore(matches, alter));
      const context = await bench.fetchContext();
      const asked = vault.fetch(manifest, 'two', context);
      if (!mustRefuse) return void (await asked);
      const error = await asked.catch((reason: unknown) => reason as MusterError);
      expect(error).toBeInstanceOf(MusterError);
      expect((error as MusterError).message).toMatch(/(dump\.sql|manifest\.prepared).*in store two/);
      expect(error).toMatchObject({ found: expect.any(String), expected: expect.any(String) });
      expect(await everything(context.folder)).toEqual([]);
    },
  );

  test.each(truths)(
    'is none that gives $what, of the $object (encrypted: $encrypt)',
    async ({ cut: inPieces, matches, encrypt }) => {
      await using bench = await workbench();
      const { manifest } = await backUp(bench.vault, files, { ...spec, encrypt });
      const { vault } = await bench.reopened(cuttingStore(matches, inPieces));
      const artifact = await vault.fetch(manifest, 'two', await bench.fetchContext());
      expect(artifact.files).toHaveLength(Object.keys(files).length);
      for (const file of artifact.files)
        expect((await readFile(file.path)).equals(files[file.name as keyof typeof files])).toBe(true);
    },
  );

  test.each(['dump.sql.zst.enc', 'manifest.prepared'])('is refused when %s is gone', async (name) => {
    await using bench = await workbench();
    const { manifest } = await backUp(bench.vault, files);
    const path = (await everything(join(bench.folder, 'one'))).find((one) => one.endsWith(name))!;
    await rm(path);
    await expect(fetched(bench, manifest, 'one')).rejects.toThrow(new RegExp(`store one has no .*${name}`));
    await fetched(bench, manifest, 'two');
  });

  /** Someone who can write to the store but has no key, and corrects the manifest as well. */
  async function forged(
    bench: Workbench,
    change: (manifest: Manifest) => unknown,
    prepared: boolean,
  ): Promise<Manifest> {
    const [manifest] = await points(bench);
    await change(manifest!);
    const folder = join(bench.folder, 'one', `points/mysql/dump/${manifest!.point}`);
    for (const name of prepared ? ['manifest.json', 'manifest.prepared'] : ['manifest.json'])
      await writeFile(join(folder, name), JSON.stringify(manifest));
    return (await points(bench))[0]!;
  }

  test('is refused when the manifest was changed', async () => {
    await using bench = await workbench();
    await backUp(bench.vault, files);
    const manifest = await forged(
      bench,
      (it) => {
        it.position['gtid'] = 'aaaa:1-3';
      },
      false,
    );
    await expect(fetched(bench, manifest, 'one')).rejects.toMatchObject({
      message: expect.stringContaining('changed after the backup'),
      found: expect.stringContaining('aaaa:1-3'),
      expected: expect.stringContaining('aaaa:1-7'),
    });
  });

  test('is refused when the manifest and its seal were written without the key', async () => {
    await using bench = await workbench();
    await backUp(bench.vault, files);
    const manifest = await forged(
      bench,
      (it) => {
        it.position['gtid'] = 'aaaa:1-3';
      },
      true,
    );
    await expect(fetched(bench, manifest, 'one')).rejects.toThrow(
      /manifest\.prepared in store one is refused: it does not decrypt/,
    );
  });

  test('is refused when two files were swapped and the manifest with them', async () => {
    await using bench = await workbench();
    await backUp(bench.vault, { 'a.sql': Buffer.from('aaaa'), 'b.sql': Buffer.from('bbbb') });
    const { vault } = await bench.reopened((store) => ({
      ...store,
      read: (from) => store.read(swapped(from)),
    }));
    await expect(vault.fetch((await points(bench))[0]!, 'one', await bench.fetchContext())).rejects.toThrow(
      /SHA-256 is not that of its manifest/,
    );
    // Without a seal in the way: the messages themselves know which file they are.
    const { manifest } = await backUp(bench.vault, {
      'a.sql': Buffer.from('aaaa'),
      'b.sql': Buffer.from('bbbb'),
    });
    const [a, b] = manifest.files;
    const { retrieve } = await import('../../stores/retrieval.ts');
    const { createCipher } = await import('../../stores/cipher.ts');
    const crossed: Manifest = {
      ...manifest,
      files: [
        { ...b!, name: a!.name, key: a!.key },
        { ...a!, name: b!.name, key: b!.key },
      ],
    };
    const seal = await createCipher(key).encrypt(Buffer.from(JSON.stringify(crossed)), {
      schema: 'muster/point/v1',
      component: 'mysql',
      backup: 'dump',
      point: manifest.point,
      object: 'manifest',
      name: 'manifest.json',
    });
    const source = {
      ...bench.stores.get('one')!,
      read: async (from: string) =>
        from.endsWith('prepared') ? Readable.from([seal]) : bench.stores.get('one')!.read(swapped(from)),
    };
    await expect(
      retrieve(
        crossed,
        { store: source, name: 'one', cipher: () => createCipher(key) },
        await bench.fetchContext(),
      ),
    ).rejects.toMatchObject({
      message: expect.stringContaining('moved or swapped'),
      found: 'name b.sql',
      expected: 'name a.sql',
    });
  });
  const swapped = (from: string): string =>
    from.replace(/([ab])\.sql/, (_, name: string) => `${name === 'a' ? 'b' : 'a'}.sql`);

  test.each([
    [
      'leaves its folder',
      (it: Manifest) => {
        it.files[0]!.name = '../../../../../../tmp/escaped';
      },
      /could leave its folder/,
    ],
    [
      'is absolute',
      (it: Manifest) => {
        it.files[0]!.name = '/tmp/escaped';
      },
      /absolute/,
    ],
    [
      'has the key of something else',
      (it: Manifest) => {
        it.files[0]!.key = `points/mysql/dump/${it.point}/manifest.json`;
      },
      /not its own/,
    ],
    [
      'is a folder of another',
      (it: Manifest) => {
        const [file] = it.files;
        it.files = [
          { ...file!, name: 'a', key: file!.key.replace('dump.sql', 'a') },
          { ...file!, name: 'a/b', key: file!.key.replace('dump.sql', 'a/b') },
        ];
      },
      /both a file and a folder/,
    ],
    [
      'comes twice',
      (it: Manifest) => {
        it.files.push(it.files[0]!);
      },
      /names a file twice/,
    ],
  ])('is refused when a file in the manifest %s', async (_, change, reason) => {
    await using bench = await workbench();
    await backUp(bench.vault, files, { ...spec, encrypt: false });
    const manifest = await forged(bench, change, true);
    await expect(fetched(bench, manifest, 'one')).rejects.toThrow(reason);
  });

  test('is an error, not an omission, when a manifest does not parse or lies elsewhere', async () => {
    await using bench = await workbench();
    await backUp(bench.vault, files);
    const { manifest } = await backUp(bench.vault, files);
    const path = join(bench.folder, 'one/points/mysql/dump', manifest.point, 'manifest.json');
    const text = await readFile(path);
    for (const bad of [
      '',
      '{',
      '{}',
      String(text).replace('"plainBytes": ', '"plainBytes": "many" , "x": '),
    ]) {
      await writeFile(path, bad);
      await expect(points(bench), bad.slice(0, 20)).rejects.toThrow(
        /manifest\.json in store one is not a manifest/,
      );
    }
    const elsewhere = join(bench.folder, 'one/points/mysql/dump/another/manifest.json');
    await mkdir(dirname(elsewhere));
    await writeFile(path, text);
    await rename(path, elsewhere);
    await expect(points(bench)).rejects.toThrow(/is the manifest of something else/);
  });
});

test.each([
  [
    'a key that leads elsewhere',
    [{ key: 'points/mysql/dump/../manifest.json', bytes: 10 }],
    /could leave its folder/,
  ],
  [
    'a manifest beyond all measure',
    [{ key: 'points/mysql/dump/p/manifest.json', bytes: 2 ** 40 }],
    /is not a manifest/,
  ],
  [
    'a manifest that is longer than it is listed',
    [{ key: 'points/mysql/dump/p/manifest.json', bytes: 10 }],
    /is not a manifest/,
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
    const { vault } = await bench.reopened((store) => ({
      ...store,
      list: async () => listed,
      read: async () => endless,
    }));
    await expect(vault.points('mysql', 'dump', 'one')).rejects.toMatchObject({
      trouble: 'environment',
      message: expect.stringMatching(reason) as string,
    });
  },
);

test('another key is refused by its id, and neither key is told', async () => {
  await using bench = await workbench();
  const { manifest } = await backUp(bench.vault, files);
  const other = Buffer.alloc(32, 3);
  const { vault } = await bench.reopened((store) => store, other);
  const error = await vault
    .fetch(manifest, 'one', await bench.fetchContext())
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
  await expect(bench.vault.points('mysql', 'dump', 'three')).rejects.toMatchObject({
    trouble: 'input',
    found: 'three',
    expected: 'one of one, two',
  });
  await expect(bench.vault.begin({ ...spec, copies: ['one', 'three'] })).rejects.toMatchObject({
    trouble: 'input',
  });
  await expect(bench.vault.begin({ ...spec, copies: [] })).rejects.toMatchObject({ trouble: 'input' });
});

test('a fetch stops when it is told to', async () => {
  await using bench = await workbench();
  const { manifest } = await backUp(bench.vault, files);
  const context = { ...(await bench.fetchContext()), signal: AbortSignal.abort(new Error('told to stop')) };
  await expect(bench.vault.fetch(manifest, 'one', context)).rejects.toThrow();
  expect((await stat(context.folder)).isDirectory()).toBe(true);
  expect(await everything(context.folder)).toEqual([]);
});

test("points of other drills in the same stores are told apart, newest first by the wall clock, and are nobody else's to damage", async () => {
  await using bench = await workbench();
  const { manifest: older } = await backUp(bench.vault, files);
  const other = await bench.otherDrill();
  const { manifest: newer } = await backUp(other, files);
  expect([
    await other.points('mysql', 'dump', 'one'),
    await other.points('mysql', 'dump', 'one', 'others'),
  ]).toEqual([[newer], [older]]);
  const third = createVault({
    stores: bench.stores,
    key: () => key,
    clock: systemClock,
    originMs: systemClock.nowMs() - 3_600_000,
    drill: 'drill-3',
  });
  expect((await third.points('mysql', 'dump', 'two', 'others')).map(({ point }) => point)).toEqual([
    newer.point,
    older.point,
  ]);
  expect(
    [older, newer].map(({ files: [file] }) => [bench.vault.wrote(file!.key), other.wrote(file!.key)]),
  ).toEqual([
    [true, false],
    [false, true],
  ]);
  expect(bench.vault.wrote('holiday.jpg')).toBe(false);
});
