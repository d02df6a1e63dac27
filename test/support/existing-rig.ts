import { mkdtempSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { Readable, type Writable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { gunzipSync, gzipSync } from 'node:zlib';
import { extract, pack } from 'tar-stream';
import { beforeAll, describe, expect, it } from 'vitest';
import type { CheckOutcome } from '../../core/check-outcome.ts';
import { messageOf } from '../../core/errors.ts';
import {
  OtherBackup,
  type Decryption,
  type ExistingRestorer,
  type RestoredExisting,
} from '../../core/existing.ts';
import { existingSchema } from '../../core/existing-plan.ts';
import type { Service } from '../../core/service.ts';
import { existingReader } from '../../stores/existing/reader.ts';
import { scratch } from './scratch.ts';

export const declaredAs = (given: Record<string, unknown> = {}) =>
  existingSchema.parse({ from: 'here', ...given });

export type Came =
  | { is: 'restored'; restored: RestoredExisting; usable: CheckOutcome; layers: readonly string[] }
  | { is: 'other' | 'refused'; why: string };

/** What becomes of one backup that is a file of these bytes, as a restore test goes about it. */
export async function cameOf(
  restorer: ExistingRestorer,
  bytes: Uint8Array,
  given: Record<string, unknown> = {},
  decryption: Decryption | null = null,
  isOfThisRun?: (password: string) => boolean,
): Promise<Came> {
  const file = join(mkdtempSync(join(scratch, 'existing-')), 'backup');
  writeFileSync(file, bytes);
  const { signal } = new AbortController();
  const declared = declaredAs(given);
  const [candidate] = (await existingReader.list(file)).found;
  try {
    const opened = await existingReader.open(candidate!, decryption, signal);
    const recognised = restorer.recognise(opened.head, declared);
    if (recognised.is !== 'ours') {
      opened.close();
      return { is: recognised.is === 'other' ? 'other' : 'refused', why: recognised.why };
    }
    await restorer.empty(declared);
    const made = isOfThisRun && { isOfThisRun };
    const context = { signal, progress: () => undefined, declared, ...made };
    const restored = await restorer.restore(opened.content, recognised, context);
    opened.read();
    return { is: 'restored', restored, usable: await restorer.usable(), layers: opened.layers };
  } catch (error) {
    return { is: error instanceof OtherBackup ? 'other' : 'refused', why: messageOf(error) };
  }
}

type Bytes = string | Uint8Array;
type Given = Record<string, unknown>;

/** Backups tried on one server, and what they must come to. */
export interface Tries {
  tried(bytes: Bytes, given?: Given): Promise<Came>;
  /** What `usable` says of it; fails the test where it is not restored. */
  usableOf(bytes: Bytes, given?: Given): Promise<CheckOutcome>;
  /** Why it is refused or passed over; fails the test where it is restored. */
  whyOf(bytes: Bytes, given?: Given): Promise<string>;
}

/** `usual`: what is declared of each. */
export function triesOf(restorer: () => ExistingRestorer, usual: Given = {}): Tries {
  const tried = (bytes: Bytes, given: Given = {}): Promise<Came> =>
    cameOf(restorer(), Buffer.from(bytes as string), { ...usual, ...given });
  return {
    tried,
    usableOf: async (bytes, given) => {
      const came = await tried(bytes, given);
      return came.is === 'restored' ? came.usable : expect.fail(`it was not restored: ${came.why}`);
    },
    whyOf: async (bytes, given) => {
      const came = await tried(bytes, given);
      return came.is === 'restored' ? expect.fail('it was restored') : came.why;
    },
  };
}

interface FolderCase {
  /** Of the service that the tries are of, and where its data lies. */
  service(): Service;
  path: string;
  /** A backup that is restored, and what it needs on the server before the first and after a refused one. */
  good(): Bytes;
  prepare?(): Promise<unknown>;
  again?(): Promise<unknown>;
  /** A tar of the folder is cut off after so many bytes. */
  cutAt: number;
  /** That everything is there again, beside being of use. */
  isThere(): Promise<void>;
  /**
   * Makes a table with values that lie apart from its rows. Names the files, from the data folder on, of a
   * table that is taken out of the tar, and of one that is garbled in its middle. Left out: it has no tables.
   */
  spoiled?(): Promise<{ missing: string; garbled: string }>;
  refused?: [string, () => Promise<Uint8Array>, RegExp][];
}

/** A tar of the data folder, as a server restores one, and such as it must refuse. */
export function dataFolderSuite(
  { tried, usableOf, whyOf }: Tries,
  { service, path, good, prepare, again, cutAt, isThere, spoiled, refused = [] }: FolderCase,
): void {
  describe('as a tar of the data folder', () => {
    let folder: Buffer;
    let names: { missing: string; garbled: string } | undefined;
    beforeAll(async () => {
      await prepare?.();
      await tried(good());
      names = await spoiled?.();
      folder = await packedFolder(service(), path);
    });
    it('is restored in the place of whatever is there, and the server runs on it', async () => {
      expect(await usableOf(folder)).toMatchObject({
        verdict: 'pass',
        detail: expect.stringMatching(spoiled ? /^\d of \d tables, each read to its end, hold rows/ : /./),
      });
      await isThere();
    });
    const ways = spoiled ? (['missing', 'garbled'] as const) : [];
    it.each(ways)('is of no use where a file of a table is %s', async (how) => {
      const bytes = await withFile(folder, names![how], how === 'missing' ? () => null : garbled);
      expect(await usableOf(bytes)).toMatchObject({
        verdict: 'fail',
        detail: expect.stringMatching(
          /^(?:table \S+ (?:cannot be read|is damaged)|a page of a table is damaged)/,
        ),
      });
      // The server may have ended itself over it.
      await madeAnew(service(), path);
      await again?.();
      expect(await usableOf(folder), 'the one that it was made of').toMatchObject({ verdict: 'pass' });
    });
    it.each<[string, () => Promise<Uint8Array>, RegExp]>([
      [
        'cut off',
        async () => gzipSync(gunzipSync(folder).subarray(0, cutAt)),
        /tar archive is cut off|does not come up/,
      ],
      [
        'of something else',
        () => tarOf({ 'backup/shop.sql': 'CREATE TABLE t (id INT);' }),
        /without a data folder: it holds backup, backup\/shop.sql/,
      ],
      ...refused,
    ])(
      'is refused when it is %s, and the next one is tried on a server that runs',
      async (_, bytes, said) => {
        expect(await whyOf(await bytes())).toMatch(said);
        await again?.();
        expect(await usableOf(good())).toMatchObject({ verdict: 'pass' });
      },
    );
  });
}

/**
 * Nothing of half of the pages that hold anything is as it was: a file has room to grow, and what was written
 * last a server may still have elsewhere (the doublewrite buffer of InnoDB).
 */
function garbled(content: Buffer): Buffer {
  const page = 16 * 1024;
  const held = Array.from({ length: Math.ceil(content.length / page) }, (_, i) => i * page).filter((at) =>
    content.subarray(at, at + page).some((byte) => byte !== 0),
  );
  const half = held.slice(Math.floor(held.length / 4), Math.ceil((3 * held.length) / 4));
  const bytes = Buffer.from(content);
  for (const at of half) bytes.fill(0x5a, at, at + page);
  return bytes;
}

/** A packed archive in which one file is another, or gone; fails the test where there is none of the name. */
async function withFile(
  packed: Buffer,
  name: string,
  change: (content: Buffer) => Buffer | null,
): Promise<Buffer> {
  const [reading, made] = [extract(), pack()];
  const whole = buffer(made);
  let found = 0;
  Readable.from([gunzipSync(packed)]).pipe(reading as unknown as Writable);
  for await (const entry of reading) {
    const content = await buffer(entry);
    const isMeant = entry.header.name.endsWith(`/${name}`);
    if (isMeant) found += 1;
    const kept = isMeant ? change(content) : content;
    if (kept) made.entry({ ...entry.header, size: kept.length }, kept);
  }
  made.finalize();
  expect(found, name).toBe(1);
  return whole;
}

async function madeAnew(service: Service, folder: string): Promise<void> {
  await service.stop().catch(() => undefined);
  const helper = await service.helper({ network: 'none', volumes: true });
  try {
    await helper.exec(['find', folder, '-mindepth', '1', '-delete']);
  } finally {
    await helper.remove();
  }
  await service.start();
  await service.waitHealthy(180_000);
}

/** The data folder as a backup container packs it while the server is stopped, which then runs again. */
export async function packedFolder(service: Service, folder: string): Promise<Buffer> {
  await service.stop();
  const helper = await service.helper({ network: 'none', volumes: true });
  try {
    const { code, stdout, stderr } = await helper.exec([
      ...['sh', '-c', 'tar -C "$(dirname "$1")" -czf - "$(basename "$1")" | base64', 'pack', folder],
    ]);
    if (code !== 0) throw new Error(stderr);
    return Buffer.from(stdout, 'base64');
  } finally {
    await helper.remove();
    await service.start();
    await service.waitHealthy(60_000);
  }
}

/** An archive of these files. */
export async function tarOf(files: Record<string, string | Buffer>): Promise<Buffer> {
  const tar = pack();
  for (const [name, content] of Object.entries(files)) tar.entry({ name }, content);
  tar.finalize();
  const pieces: Buffer[] = [];
  for await (const piece of tar) pieces.push(piece as Buffer);
  return Buffer.concat(pieces);
}

/** Files of an archive, by their names without folders. */
export async function untarred(tar: Buffer): Promise<Record<string, Buffer>> {
  const files: Record<string, Buffer> = {};
  const reading = extract();
  Readable.from([tar]).pipe(reading as unknown as Writable);
  for await (const entry of reading) {
    const pieces: Buffer[] = [];
    for await (const piece of entry) pieces.push(piece as Buffer);
    if (entry.header.type === 'file') files[basename(entry.header.name)] = Buffer.concat(pieces);
  }
  return files;
}
