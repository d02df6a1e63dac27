import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import type { Manifest } from '../../core/store.ts';
import { files, points } from './dump-files.ts';
import { backUp, fetched, key, spec, workbench, type Workbench } from './workbench.ts';

describe('a store whose manifest was changed', () => {
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
    await backUp(bench.repository, files);
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
    await backUp(bench.repository, files);
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
    await backUp(bench.repository, { 'a.sql': Buffer.from('aaaa'), 'b.sql': Buffer.from('bbbb') });
    const { repository } = await bench.reopened((store) => ({
      ...store,
      read: (from) => store.read(swapped(from)),
    }));
    await expect(
      repository.fetch((await points(bench))[0]!, 'one', await bench.fetchContext()),
    ).rejects.toThrow(/SHA-256 is not that of its manifest/);
    // Without a seal in the way: the messages themselves know which file they are.
    const { manifest } = await backUp(bench.repository, {
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
    await backUp(bench.repository, files, { ...spec, encrypt: false });
    const manifest = await forged(bench, change, true);
    await expect(fetched(bench, manifest, 'one')).rejects.toThrow(reason);
  });

  test('is an error, not an omission, when a manifest does not parse or lies elsewhere', async () => {
    await using bench = await workbench();
    await backUp(bench.repository, files);
    const { manifest } = await backUp(bench.repository, files);
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
