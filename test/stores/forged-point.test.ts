import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { filesOf, type FilesPayload, type RecoveryPoint } from '../../core/recovery-point.ts';
import { files, points } from './dump-files.ts';
import { backUp, fetched, key, spec, storedOf, workbench, type Workbench } from './workbench.ts';

describe('a store whose recovery point was changed', () => {
  /** Someone who can write to the store but has no key, and corrects the point as well. */
  async function forged(
    bench: Workbench,
    change: (made: RecoveryPoint) => unknown,
    prepared: boolean,
  ): Promise<RecoveryPoint> {
    const [made] = await points(bench);
    await change(made!);
    const folder = join(bench.folder, 'one', `points/mysql/dump/${made!.id}`);
    for (const name of prepared ? ['point.json', 'point.prepared'] : ['point.json'])
      await writeFile(join(folder, name), JSON.stringify(storedOf(made!)));
    return (await points(bench))[0]!;
  }

  const anotherPosition = ({ position }: RecoveryPoint): void => {
    position['gtid'] = 'aaaa:1-3';
  };

  test('is refused when what is stored of it was changed', async () => {
    await using bench = await workbench();
    await backUp(bench.repository, files);
    const made = await forged(bench, anotherPosition, false);
    await expect(fetched(bench, made, 'one')).rejects.toMatchObject({
      message: expect.stringContaining('changed after the backup'),
      found: expect.stringContaining('aaaa:1-3'),
      expected: expect.stringContaining('aaaa:1-7'),
    });
  });

  test('is refused when it and its seal were written without the key', async () => {
    await using bench = await workbench();
    await backUp(bench.repository, files);
    const made = await forged(bench, anotherPosition, true);
    await expect(fetched(bench, made, 'one')).rejects.toThrow(
      /point\.prepared in store one is refused: it does not decrypt/,
    );
  });

  test('is refused when two files were swapped and the point with them', async () => {
    await using bench = await workbench();
    await backUp(bench.repository, { 'a.sql': Buffer.from('aaaa'), 'b.sql': Buffer.from('bbbb') });
    const { repository } = await bench.reopened((store) => ({
      ...store,
      read: (from) => store.read(swapped(from)),
    }));
    await expect(
      repository.fetch((await points(bench))[0]!, 'one', await bench.fetchContext()),
    ).rejects.toThrow(/SHA-256 is not the one that was recorded/);
    // Without a seal in the way: the messages themselves know which file they are.
    const made = await backUp(bench.repository, {
      'a.sql': Buffer.from('aaaa'),
      'b.sql': Buffer.from('bbbb'),
    });
    const [a, b] = filesOf(made);
    const { retrieve } = await import('../../stores/retrieval.ts');
    const { createCipher } = await import('../../stores/cipher.ts');
    const crossed: RecoveryPoint = {
      ...made,
      payload: {
        ...(made.payload as FilesPayload),
        files: [
          { ...b!, name: a!.name, key: a!.key },
          { ...a!, name: b!.name, key: b!.key },
        ],
      },
    };
    const seal = await createCipher(key).encrypt(Buffer.from(JSON.stringify(storedOf(crossed))), {
      schema: 'muster/recovery-point/v2',
      component: 'mysql',
      backup: 'dump',
      id: made.id,
      object: 'point',
      name: 'point.json',
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
      (it: RecoveryPoint) => {
        (it.payload as FilesPayload).files[0]!.name = '../../../../../../tmp/escaped';
      },
      /could leave its folder/,
    ],
    [
      'is absolute',
      (it: RecoveryPoint) => {
        (it.payload as FilesPayload).files[0]!.name = '/tmp/escaped';
      },
      /absolute/,
    ],
    [
      'has the key of something else',
      (it: RecoveryPoint) => {
        (it.payload as FilesPayload).files[0]!.key = `points/mysql/dump/${it.id}/point.json`;
      },
      /not its own/,
    ],
    [
      'is a folder of another',
      (it: RecoveryPoint) => {
        const [file] = (it.payload as FilesPayload).files;
        (it.payload as FilesPayload).files = [
          { ...file!, name: 'a', key: file!.key.replace('dump.sql', 'a') },
          { ...file!, name: 'a/b', key: file!.key.replace('dump.sql', 'a/b') },
        ];
      },
      /both a file and a folder/,
    ],
    [
      'comes twice',
      (it: RecoveryPoint) => {
        (it.payload as FilesPayload).files.push((it.payload as FilesPayload).files[0]!);
      },
      /names a file twice/,
    ],
  ])('is refused when a file in it %s', async (_, change, reason) => {
    await using bench = await workbench();
    await backUp(bench.repository, files, { ...spec, encrypt: false });
    const made = await forged(bench, change, true);
    await expect(fetched(bench, made, 'one')).rejects.toThrow(reason);
  });

  test('is an error, not an omission, when it does not parse or lies elsewhere', async () => {
    await using bench = await workbench();
    await backUp(bench.repository, files);
    const made = await backUp(bench.repository, files);
    const path = join(bench.folder, 'one/points/mysql/dump', made.id, 'point.json');
    const text = await readFile(path);
    for (const bad of [
      '',
      '{',
      '{}',
      String(text).replace('"plainBytes": ', '"plainBytes": "many" , "x": '),
    ]) {
      await writeFile(path, bad);
      await expect(points(bench), bad.slice(0, 20)).rejects.toThrow(
        /point\.json in store one is not a recovery point/,
      );
    }
    const elsewhere = join(bench.folder, 'one/points/mysql/dump/another/point.json');
    await mkdir(dirname(elsewhere));
    await writeFile(path, text);
    await rename(path, elsewhere);
    await expect(points(bench)).rejects.toThrow(/is the recovery point of another place/);
  });
});
