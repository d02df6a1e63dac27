import { mkdirSync, mkdtempSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { describe, expect, it, vi } from 'vitest';
import { AnotherKey, messageOf } from '../../core/errors.ts';
import type { Decryption } from '../../core/existing.ts';
import { existingSchema } from '../../core/existing-plan.ts';
import { stampOf } from '../../stores/existing/order.ts';
import { existingReader } from '../../stores/existing/reader.ts';
import { scratch } from '../support/scratch.ts';

const plain = 'CREATE TABLE t (id INT);\n-- end\n';
/** Made by age 1.1.1 and openssl 3.0 themselves, for an identity and a password that are nobody's. */
const byTools = {
  age: 'YWdlLWVuY3J5cHRpb24ub3JnL3YxCi0+IFgyNTUxOSB5Sk84SXNLUXFNUHJYb3JHeVNKaXRva2JjMGhSZktyVzVTSU13YVR3bzE0CkhuU0REdHkvaHNmZnZEQjFNNUtrL0hIYlpGNXR5bk9ZWnhNYTk5S01ab1EKLS0tIG04bUhRcTZqc2ZmajlOYVp5NWdjWHNLWm9GcEFqR2I5WW1JMVJ5STJMcVkK4xG4dVC6IeySMnqB3DnGWN/vaJ60LGb6XIzC8aArrhz6O9i8p+nuXMBeh5zVySdR0Q26HsQd8s/Kz3xtxOL2Jd1jybm3bhxJWNSDJb5oO+4OXaGr',
  armored:
    'LS0tLS1CRUdJTiBBR0UgRU5DUllQVEVEIEZJTEUtLS0tLQpZV2RsTFdWdVkzSjVjSFJwYjI0dWIzSm5MM1l4Q2kwK0lGZ3lOVFV4T1NCRk9GRlBPV0ZxYVZGWVptcHpLMVpSCmQxcHNaVVpLWTBsSFJXaHBZMWRDVlVoWVJDODBkbXBpU2taM0NtOXBSMDQwVG1kMlRWWm9lakU1Y1hKYVFWRkMKTkd3clpGUlVMMmxXTlU1dU4zcE9hSGh3U1ZCdWRsa0tMUzB0SUc1dGNYQnFXR2RGWWxaTFZqZFJORkJ1VTJJegpSMUZIVFZjdmNFdERNRm8yTUhSV1drOXdTbmx3SzAwS2xBSmZGVmhvcG0zNnZQWDhZOWJCalhzYTdQVTlxMnQ4CmVqMHVzektkT3hFRVpUOGRWSzBxc1JxbUJJQmpJZU00b0pMQjJOd2Qwa0g0NjhUb1h1cXlVZz09Ci0tLS0tRU5EIEFHRSBFTkNSWVBURUQgRklMRS0tLS0tCg==',
  pbkdf2:
    'U2FsdGVkX1/2AIPLkCTg8IRl7P/K9OHeE543mI5rc1Syu0g0NyqYRNZKx0lAr/VigqugaP7b8xhu5HVJSf+f9/UnQqPfHOPtzRsQRPixxAU=',
  md5: 'U2FsdGVkX19EXkkDGmVecm7lyVo+ENcJYF7309oI+wOYT/kkA73/KJVY5JQ8ELwd587jcfD6l7REzzV0UXynRw==',
  usual: 'U2FsdGVkX19ajwU4uiGEE2wivoZ8ozSCse8w0ZsCWsBjOukX+EVoyblJX6o3yuoLlVEIYt4NkSMzid4yEvqjPw==',
};
const identity = 'AGE-SECRET-KEY-107CWMF2PXF3C44KN3VK3ZLTFTHCP45VNZLTWHNZQ0WGTDVF9A0DSUSRU5D';
const stranger = 'AGE-SECRET-KEY-14Z4XYATL9MJFK6N87SKEMVHMZQ5TA2L33AQDRJLJQD25UNW8VXEQY6ZMCR';
/** Packed by the program itself. */
const by = (program: 'xz' | 'bzip2', bytes: string | Uint8Array): Buffer =>
  execFileSync(program, ['--stdout'], { input: bytes, maxBuffer: 16 * 1024 ** 2 });
const opening = (key: string, how: Record<string, unknown>): Decryption => ({
  key,
  how: existingSchema.parse({ from: 'x', decrypt: { keyFrom: 'K', ...how } }).decrypt!,
});
const bytesOf = (name: keyof typeof byTools): Buffer => Buffer.from(byTools[name], 'base64');

async function opened(bytes: Uint8Array, decryption: Decryption | null = null) {
  const file = join(mkdtempSync(join(scratch, 'existing-')), 'backup');
  writeFileSync(file, bytes);
  const [candidate] = (await existingReader.list(file)).found;
  const backup = await existingReader.open(candidate!, decryption, new AbortController().signal);
  const pieces: Buffer[] = [];
  for await (const piece of backup.content) pieces.push(piece as Buffer);
  return { text: Buffer.concat(pieces).toString(), layers: backup.layers, read: backup.read() };
}
/** A parallel packer writes the length of each frame before it. */
const inFrames = Buffer.concat(
  [plain.slice(0, 9), plain.slice(9)].flatMap((part) => [
    Buffer.from('502a4d180400000063000000', 'hex'),
    zstdCompressSync(part),
  ]),
);
const troubleOf = async (bytes: Uint8Array, decryption: Decryption | null = null): Promise<Error> =>
  opened(bytes, decryption).then(
    ({ text }) => expect.fail(`it was opened: ${text.slice(0, 80)}`),
    (error: Error) => error,
  );

describe('a backup that exists already is opened', () => {
  const random = randomBytes(3_000_000);
  it.each<[string, Uint8Array, string[], Decryption | null]>([
    ['plain', Buffer.from(plain), [], null],
    ['from gzip', gzipSync(plain), ['gzip'], null],
    [
      'from gzip in two members',
      Buffer.concat([gzipSync(plain.slice(0, 9)), gzipSync(plain.slice(9))]),
      ['gzip'],
      null,
    ],
    ['from gzip, padded', Buffer.concat([gzipSync(plain), Buffer.alloc(700)]), ['gzip'], null],
    ['from zstd', zstdCompressSync(plain), ['zstd'], null],
    ['from zstd in frames, as a parallel packer writes it', inFrames, ['zstd'], null],
    ['from xz', by('xz', plain), ['xz'], null],
    [
      'from xz in two streams',
      Buffer.concat([by('xz', plain.slice(0, 9)), by('xz', plain.slice(9))]),
      ['xz'],
      null,
    ],
    ['from bzip2', by('bzip2', plain), ['bzip2'], null],
    [
      'from bzip2 in two streams',
      Buffer.concat([by('bzip2', plain.slice(0, 9)), by('bzip2', plain.slice(9))]),
      ['bzip2'],
      null,
    ],
    ['from gzip in xz', by('xz', gzipSync(plain)), ['xz', 'gzip'], null],
    ['from gzip in age', bytesOf('age'), ['age', 'gzip'], opening(identity, { with: 'age' })],
    [
      'from age with armor',
      bytesOf('armored'),
      ['age'],
      opening(`# created\n${identity}\n`, { with: 'age' }),
    ],
    [
      'from gzip in openssl with -iter',
      bytesOf('pbkdf2'),
      ['openssl', 'gzip'],
      opening('correct', { with: 'openssl', iterations: 20_000 }),
    ],
    [
      'from openssl as it is by default',
      bytesOf('usual'),
      ['openssl'],
      opening('correct', { with: 'openssl' }),
    ],
    [
      'from openssl as it was long ago',
      bytesOf('md5'),
      ['openssl'],
      opening('correct', { with: 'openssl', derivation: 'none', digest: 'md5' }),
    ],
  ])('%s', async (_, bytes, layers, decryption) => {
    const { text, layers: taken, read } = await opened(bytes, decryption);
    expect({ text, taken }).toEqual({ text: plain, taken: layers });
    expect(read).toEqual({ bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') });
  });
  it.each([
    ['gzip', gzipSync(random)],
    ['zstd', zstdCompressSync(random)],
    ['xz', by('xz', random)],
    ['bzip2', by('bzip2', random)],
  ])('from %s as a stream, of any size', async (_, bytes) => {
    const { text, read } = await opened(bytes);
    expect(text).toBe(random.toString());
    expect(read.bytes).toBe(bytes.length);
  });
});

describe('a backup that exists already is not opened', () => {
  const gzip = gzipSync(randomBytes(200_000));
  const zstd = zstdCompressSync(randomBytes(200_000));
  const xz = by('xz', randomBytes(200_000));
  const bzip2 = by('bzip2', randomBytes(200_000));
  it.each<[string, Uint8Array, RegExp, Decryption | null]>([
    ['whose xz is cut off', xz.subarray(0, 150_000), /cut off: its xz ends in the middle/, null],
    ['whose xz is cut off behind its head', xz.subarray(0, 12), /cut off: its xz ends in the middle/, null],
    ['whose xz is damaged', Buffer.from(xz).fill(0x41, 90_000, 90_100), /its xz is damaged/, null],
    [
      'whose xz has something behind it',
      Buffer.concat([xz, Buffer.from('rest of another file')]),
      /its xz is damaged/,
      null,
    ],
    ['whose bzip2 is cut off', bzip2.subarray(0, 150_000), /cut off: its bzip2 ends in the middle/, null],
    ['whose bzip2 is damaged', Buffer.from(bzip2).fill(0x41, 90_000, 90_100), /its bzip2 is damaged/, null],
    [
      'whose bzip2 has something behind it',
      Buffer.concat([bzip2, Buffer.from('rest of another file')]),
      /its bzip2 is damaged: .*trailing garbage/,
      null,
    ],
    ['whose gzip in xz is cut off', by('xz', gzip.subarray(0, 150_000)), /its gzip ends in the middle/, null],
    [
      'whose gzip around xz is cut off',
      gzipSync(xz).subarray(0, 150_000),
      /its gzip ends in the middle/,
      null,
    ],
    ['whose gzip is cut off', gzip.subarray(0, 150_000), /cut off: its gzip ends in the middle/, null],
    ['whose zstd is cut off', zstd.subarray(0, 150_000), /cut off: its zstd ends in the middle/, null],
    ['whose gzip is damaged', Buffer.from(gzip).fill(0x41, 90_000, 90_100), /its gzip is damaged/, null],
    [
      'whose gzip has a hole between its members',
      Buffer.concat([gzip, Buffer.alloc(700), gzip]),
      /its gzip is damaged: .*zeros/,
      null,
    ],
    [
      'whose gzip has a large hole between its members',
      Buffer.concat([gzip, Buffer.alloc(2_000_000), gzip]),
      /its gzip is damaged|not read to its end/,
      null,
    ],
    ['whose zstd has a rest behind it', Buffer.concat([zstd, gzip]), /its zstd is damaged/, null],
    ['whose zstd is damaged', Buffer.from(zstd).fill(0x41, 10, 110), /its zstd is damaged/, null],
    [
      'that is encrypted, and nothing says how',
      bytesOf('age'),
      /encrypted with age: .*nothing that says how/,
      null,
    ],
    [
      'that is encrypted otherwise',
      bytesOf('age'),
      /encrypted with age: .*openssl/,
      opening('x', { with: 'openssl' }),
    ],
    [
      'that is packed with what is not opened here',
      Buffer.from([0x04, 0x22, 0x4d, 0x18]),
      /with lz4, which is not opened here/,
      null,
    ],
    [
      'whose age file is cut off',
      bytesOf('age').subarray(0, -9),
      /cut off or damaged/,
      opening(identity, { with: 'age' }),
    ],
  ])('%s', async (_, bytes, said, decryption) => {
    expect(messageOf(await troubleOf(bytes, decryption))).toMatch(said);
  });
  it('that is packed with a program that is not on this machine, which is said', async () => {
    vi.stubEnv('PATH', '/nowhere');
    try {
      const error = await troubleOf(xz);
      expect(messageOf(error)).toMatch(/packed with xz, which is not on this machine/);
    } finally {
      vi.unstubAllEnvs();
    }
  });
  it.each<[string, Uint8Array, Decryption]>([
    ['age', bytesOf('age'), opening(stranger, { with: 'age' })],
    ['openssl', bytesOf('usual'), opening('wrong', { with: 'openssl' })],
    [
      'openssl, of which the cipher is another',
      bytesOf('usual'),
      opening('correct', { with: 'openssl', cipher: 'aes-128-cbc' }),
    ],
    ['openssl, of which the derivation is another', bytesOf('md5'), opening('correct', { with: 'openssl' })],
  ])('with another key: %s', async (_, bytes, decryption) => {
    const error = await troubleOf(bytes, decryption);
    expect(error, messageOf(error)).toBeInstanceOf(AnotherKey);
    expect(error.message).not.toContain(decryption.key);
  });
});

describe('where backups exist already', () => {
  const folderOf = (files: Record<string, string>): string => {
    const folder = mkdtempSync(join(scratch, 'existing-'));
    mkdirSync(join(folder, 'a-folder.sql'));
    for (const [i, [name, text]] of Object.entries(files).entries()) {
      writeFileSync(join(folder, name), text);
      // The later in the list, the older.
      utimesSync(join(folder, name), new Date(2026, 0, 20 - i), new Date(2026, 0, 20 - i));
    }
    return folder;
  };
  const listed = async (from: string): Promise<{ found: string[]; passedOver: string[]; order: string }> => {
    const { found, passedOver, order } = await existingReader.list(from);
    const base = ({ name }: { name: string }): string => name.slice(name.lastIndexOf('/') + 1);
    return { found: found.map(base), passedOver: passedOver.map(base).sort(), order };
  };

  it('the newest by the dates in their names comes first, whenever it was written', async () => {
    const folder = folderOf({
      'shop-2026-01-05.sql': 'x',
      'shop-2026-01-07.sql': 'x',
      'shop_20260106-0312.sql.gz': 'x',
    });
    expect(await listed(folder)).toMatchObject({
      found: ['shop-2026-01-07.sql', 'shop_20260106-0312.sql.gz', 'shop-2026-01-05.sql'],
      order: 'newest by the dates in their names',
    });
  });
  it('the newest by when it was written, where not each has a date', async () => {
    expect((await listed(folderOf({ 'b.sql': 'x', 'shop-2026-01-07.sql': 'x' }))).found).toEqual([
      'b.sql',
      'shop-2026-01-07.sql',
    ]);
  });
  it('what is still being written, or lies beside, is passed over', async () => {
    const folder = folderOf({
      'a.sql': 'x',
      'b.sql.part': 'x',
      '.c.sql': 'x',
      'a.sql.sha256': 'x',
      'README.md': 'x',
    });
    expect(await listed(folder)).toMatchObject({
      found: ['a.sql'],
      passedOver: ['.c.sql', 'README.md', 'a.sql.sha256', 'b.sql.part'],
    });
  });
  it('a folder that is one backup is one, alone, among others and by a pattern', async () => {
    const folder = folderOf({ 'shop-2026-01-05.sql': 'x' });
    const whole = join(folder, 'shop-2026-01-07');
    mkdirSync(whole);
    writeFileSync(join(whole, 'toc.dat'), 'PGDMP');
    writeFileSync(join(whole, '3.dat.gz'), randomBytes(70_000));
    writeFileSync(join(whole, '1.dat'), '');
    expect((await listed(folder)).found).toEqual(['shop-2026-01-07', 'shop-2026-01-05.sql']);
    expect((await listed(join(folder, 'shop-2026-01-0?'))).found).toEqual(['shop-2026-01-07']);
    expect((await listed(whole)).found).toEqual(['shop-2026-01-07']);
    const digests = new Set<string>();
    for (const _ of ['once', 'and again']) {
      const [one] = (await existingReader.list(whole)).found;
      const backup = await existingReader.open(one!, null, new AbortController().signal);
      expect(backup.head.toString('latin1', 0, 7)).toBe('toc.dat');
      for await (const _ of backup.content);
      expect(backup.read().bytes).toBe(one!.bytes);
      digests.add(backup.read().sha256);
    }
    expect(digests.size).toBe(1);
    const [changing] = (await existingReader.list(whole)).found;
    writeFileSync(join(whole, '3.dat.gz'), 'less than there was');
    const reading = (async () => {
      const backup = await existingReader.open(changing!, null, new AbortController().signal);
      for await (const _ of backup.content);
      return backup.read();
    })();
    await expect(reading).rejects.toThrow();
  });
  it('by a pattern, and by name, whatever that is', async () => {
    const folder = folderOf({ 'a.sql': 'x', 'b.dump': 'x', '.hidden': 'x' });
    expect((await listed(join(folder, '*.dump'))).found).toEqual(['b.dump']);
    expect((await listed(join(folder, '.hidden'))).found).toEqual(['.hidden']);
    expect((await listed(join(folder, '*.none'))).found).toEqual([]);
    await expect(existingReader.list(join(folder, 'none'))).rejects.toThrow(/no such file/);
  });
  it.each([
    ['shop-2026-11-28.sql.gz', '20261128000000'],
    ['dump_20261128-0312.sql', '20261128031200'],
    ['2026-11-28T03:12:45Z.rdb', '20261128031245'],
    ['20261128031245.dump', '20261128031245'],
    ['shop-1764299565.sql', null],
    ['shop-2026-13-01.sql', null],
  ])('%s says %s', (name, stamp) => expect(stampOf(name)).toBe(stamp));
});
