import fc from 'fast-check';
import { buffer } from 'node:stream/consumers';
import { Readable } from 'node:stream';
import { pack, type Header } from 'tar-stream';
import { describe, expect, test } from 'vitest';
import { MusterError } from '../../core/errors.ts';
import { contentsOf, type ArchiveContents } from '../../stack/image-archive.ts';

type Entry = Partial<Header> & { name: string; text?: string };

async function archiveOf(entries: readonly Entry[]): Promise<Buffer> {
  const archive = pack();
  for (const { text, ...header } of entries) archive.entry(header as Header, text ?? '');
  archive.finalize();
  return buffer(archive as unknown as AsyncIterable<Buffer>);
}
const read = (bytes: Uint8Array): Promise<ArchiveContents> => contentsOf(Readable.from([bytes]));

const name = 'muster-drill/redis:1';
const list = { name: 'manifest.json', text: JSON.stringify([{ Config: 'c', RepoTags: [name], Layers: [] }]) };
const index = (image: string): Entry => ({
  name: 'index.json',
  text: JSON.stringify({
    schemaVersion: 2,
    manifests: [
      { annotations: { 'io.containerd.image.name': image, 'org.opencontainers.image.ref.name': '1' } },
    ],
  }),
});
const layer: Entry = { name: 'blobs/sha256/abc', text: 'layer' };

describe('an archive of an image', () => {
  test.each<[string, Entry[], ArchiveContents]>([
    [
      'as docker saves it now',
      [layer, index(`docker.io/${name}`), list, { name: 'oci-layout', text: '{}' }],
      { images: 1, names: [`docker.io/${name}`, name] },
    ],
    [
      'as docker saved it once, with links between layers',
      [
        { name: 'a/', type: 'directory' },
        { name: 'a/layer.tar', text: 'x' },
        { name: 'b/layer.tar', type: 'symlink', linkname: '../a/layer.tar' },
        list,
        { name: 'repositories', text: JSON.stringify({ 'muster-drill/redis': { 1: 'b' } }) },
      ],
      { images: 1, names: [name, name] },
    ],
    ['with ./ before its names', [{ ...list, name: './manifest.json' }], { images: 1, names: [name] }],
    ['without names', [{ name: 'manifest.json', text: '[{"RepoTags":null},{}]' }], { images: 2, names: [] }],
    ['without a list', [layer], { images: 0, names: [] }],
    ['that is empty', [], { images: 0, names: [] }],
  ])('%s is read', async (_what, entries, contents) => {
    expect(await read(await archiveOf(entries))).toEqual(contents);
  });

  test('tells every name that any version of the engine would give its images', async () => {
    expect(
      (
        await read(
          await archiveOf([
            list,
            index('docker.io/library/postgres:17'),
            { name: 'repositories', text: '{"redis":{"8":"x"}}' },
          ]),
        )
      ).names,
    ).toEqual([name, 'docker.io/library/postgres:17', 'redis:8']);
  });

  test.each<[string, Entry[], RegExp]>([
    ['an absolute name', [list, { name: '/etc/cron.d/x', text: 'x' }], /leads elsewhere/],
    ['a name that climbs out', [list, { name: 'a/../../x', text: 'x' }], /leads elsewhere/],
    [
      'a symbolic link to elsewhere',
      [list, { name: 'a/x', type: 'symlink', linkname: '../../x' }],
      /leads elsewhere/,
    ],
    [
      'an absolute symbolic link',
      [list, { name: 'x', type: 'symlink', linkname: '/etc/passwd' }],
      /leads elsewhere/,
    ],
    ['a hard link to elsewhere', [list, { name: 'x', type: 'link', linkname: '../x' }], /leads elsewhere/],
    [
      'an absolute hard link',
      [list, { name: 'x', type: 'link', linkname: '/etc/passwd' }],
      /leads elsewhere/,
    ],
    [
      'a character device',
      [list, { name: 'tty', type: 'character-device', devmajor: 5, devminor: 0 }],
      /leads elsewhere/,
    ],
    [
      'a block device',
      [list, { name: 'sda', type: 'block-device', devmajor: 8, devminor: 0 }],
      /leads elsewhere/,
    ],
    ['a pipe', [list, { name: 'pipe', type: 'fifo' }], /leads elsewhere/],
    ['a list that comes twice', [list, list], /comes twice/],
    [
      'a list that comes twice, under two spellings',
      [list, { ...list, name: './manifest.json' }],
      /comes twice/,
    ],
    [
      'a list that is a link',
      [{ name: 'manifest.json', type: 'symlink', linkname: 'other.json' }],
      /a symlink/,
    ],
    ['a list that is no JSON', [{ name: 'manifest.json', text: 'no' }], /JSON/],
    ['a list of something else', [{ name: 'manifest.json', text: '{}' }], /array/],
    ['names that are none', [{ name: 'manifest.json', text: '[{"RepoTags":[7]}]' }], /string/],
    ['a list beyond all measure', [{ name: 'manifest.json', text: ' '.repeat(1024 * 1024 + 1) }], /too long/],
  ])('with %s is refused', async (_what, entries, reason) => {
    const bytes = await archiveOf(entries);
    await expect(read(bytes)).rejects.toMatchObject({
      name: 'MusterError',
      trouble: 'environment',
      found: expect.stringMatching(reason) as string,
    });
  });

  test('of whatever bytes is read as it is, or refused', async () => {
    const whole = await archiveOf([layer, index(`docker.io/${name}`), list]);
    const names = fc.constantFrom(
      'manifest.json',
      './manifest.json',
      'index.json',
      'repositories',
      'a',
      '../a',
      '/a',
      'a/../../b',
      '..',
      '',
    );
    const entries = fc.array(
      fc.record({
        name: names,
        text: fc.oneof(fc.json(), fc.string()),
        type: fc.constantFrom('file', 'symlink', 'link', 'fifo', 'directory') as fc.Arbitrary<'file'>,
        linkname: names,
      }),
      { maxLength: 5 },
    );
    const altered = fc
      .record({ at: fc.nat(whole.length - 1), to: fc.nat(255), cut: fc.option(fc.nat(whole.length)) })
      .map(({ at, to, cut }) => {
        const bytes = Buffer.from(whole);
        bytes[at] = to;
        return cut === null ? bytes : bytes.subarray(0, cut);
      });
    await fc.assert(
      fc.asyncProperty(fc.oneof(altered, fc.uint8Array({ maxLength: 2048 }), entries), async (given) => {
        const bytes = Array.isArray(given)
          ? await archiveOf(
              (given as Entry[]).map((one) => (one.type === 'file' ? one : { ...one, text: '' })),
            )
          : (given as Uint8Array);
        const contents = await read(bytes).catch((error: unknown) => {
          expect(error).toBeInstanceOf(MusterError);
          return null;
        });
        if (contents) expect(contents.names.every((one) => typeof one === 'string')).toBe(true);
      }),
      { numRuns: 3_000 },
    );
  });
});
