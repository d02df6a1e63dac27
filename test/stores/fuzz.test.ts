import fc from 'fast-check';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { systemClock } from '../../core/clock.ts';
import { MusterError } from '../../core/errors.ts';
import {
  filesOf,
  type FilesPayload,
  type RecoveryPoint,
  type StoredPoint,
} from '../../core/recovery-point.ts';
import type { FetchContext, Store, Repository } from '../../core/store.ts';
import { createCipher } from '../../stores/cipher.ts';
import { decodeSegment, encodeSegment } from '../../stores/segment.ts';
import { createRepository } from '../../stores/repository.ts';
import { inMemory } from '../support/in-memory.ts';
import { backUp, key, spec, storedOf } from './workbench.ts';

/** A store in memory: what lies in it can be anything. */
function memoryStore(objects: Map<string, Buffer>): Store {
  return {
    write: async (at, body) => {
      const bytes = body instanceof Readable ? await buffer(body) : Buffer.from(body);
      objects.set(at, bytes);
      return { bytes: bytes.length };
    },
    read: async (at) => {
      const bytes = objects.get(at);
      if (!bytes) throw new MusterError('environment', `nothing under ${at}`);
      return Readable.from([bytes]);
    },
    list: async (prefix) =>
      [...objects]
        .filter(([at]) => at.startsWith(prefix))
        .map(([at, { length }]) => ({ key: at, bytes: length }))
        .sort((a, b) => (a.key < b.key ? -1 : 1)),
    remove: async (at) => void objects.delete(at),
    close: async () => undefined,
  };
}

let folder: string;
let objects: Map<string, Buffer>;
let repository: Repository;
let made: RecoveryPoint;
let whole: Map<string, Buffer>;
beforeAll(async () => {
  folder = mkdtempSync(join(inMemory, 'muster-fuzz-'));
  objects = new Map();
  repository = createRepository({
    stores: new Map([['one', memoryStore(objects)]]),
    key: () => key,
    clock: systemClock,
    originMs: 0,
    drill: 'drill-1',
  });
  made = await backUp(
    repository,
    { 'dump.sql': Buffer.from('CREATE TABLE a (id INT);\n'), 'more/b.sql': Buffer.from('b') },
    { ...spec, copies: ['one'], encrypt: false },
  );
  whole = new Map(objects);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const at = (name: string): string => `points/mysql/dump/${made.id}/${name}`;

/** Lists, fetches and unpacks as a restore does. Gives the plain files' names; null where it was refused. */
async function restored(): Promise<string[] | null> {
  const scratch = mkdtempSync(join(folder, 'scratch-'));
  const context: FetchContext = {
    folder: scratch,
    signal: new AbortController().signal,
    stage: (_stage, _what, work) => work(),
    progress: () => undefined,
  };
  try {
    const [newest] = await repository.points('mysql', 'dump', 'one');
    if (!newest) return null;
    const { files } = await repository.fetch(newest, 'one', context);
    expect(files.every(({ path }) => path.startsWith(`${scratch}/`))).toBe(true);
    return files.map(({ name }) => name);
  } catch (error) {
    expect(error, String((error as Error).stack)).toBeInstanceOf(MusterError);
    expect((error as MusterError).trouble).not.toBe('internal');
    return null;
  } finally {
    rmSync(scratch, { recursive: true, force: true });
    expect(readdirSync(folder)).toEqual([]);
  }
}

const paths = fc.constantFrom(
  '../../x',
  '/etc/passwd',
  'a/../../x',
  '',
  '.',
  'a\\b',
  'a\0b',
  'a',
  'a/b',
  'point.json',
  '.fetched-x/0',
  '..',
);
const strange = fc.oneof(fc.jsonValue(), paths, fc.constantFrom(-1, 0, 1e308, 2 ** 53, null, [], {}));

describe('a point whatever lies in its store', () => {
  test('is restored when it is as it was', async () =>
    expect(await restored()).toEqual(['dump.sql', 'more/b.sql']));

  test('is refused, or is what was backed up, whatever is stored of it, and its seal, say', async () => {
    const stored = storedOf(made);
    const fields = Object.keys(stored) as (keyof StoredPoint)[];
    const digests = fc.constantFrom('0'.repeat(64), filesOf(made)[0]!.plainSha256, 'none');
    const file = fc.record({
      name: paths,
      key: fc.oneof(paths, fc.constant('dump')),
      plainBytes: fc.integer(),
      plainSha256: digests,
      storedBytes: fc.integer(),
      storedSha256: digests,
    });
    const change = fc.oneof(
      fc.record({ field: fc.constantFrom(...fields), value: strange }),
      fc.record({
        field: fc.constant('payload' as const),
        value: fc
          .array(file, { maxLength: 4 })
          .map((files) => ({ ...(made.payload as FilesPayload), files })),
      }),
    );
    await fc.assert(
      fc.asyncProperty(change, fc.boolean(), async ({ field, value }, sealToo) => {
        for (const [name, bytes] of whole) objects.set(name, bytes);
        const text = Buffer.from(JSON.stringify({ ...stored, [field]: value }));
        objects.set(at('point.json'), text);
        if (sealToo) objects.set(at('point.prepared'), text);
        await restored();
      }),
      { numRuns: 500 },
    );
  });

  test('is refused when a byte of its data differs, and nothing is left behind', async () => {
    const names = ['files/dump.sql.zst', 'files/more/b.sql.zst'];
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...names),
        fc.nat(),
        fc.oneof(fc.uint8Array({ maxLength: 8 }), fc.constant(Buffer.alloc(100_000))),
        async (name, where, insert) => {
          for (const [each, bytes] of whole) objects.set(each, bytes);
          const bytes = whole.get(at(name))!;
          const changed = Buffer.concat([
            bytes.subarray(0, where % bytes.length),
            insert,
            bytes.subarray((where % bytes.length) + 1),
          ]);
          fc.pre(!changed.equals(bytes));
          objects.set(at(name), changed);
          expect(await restored()).toBeNull();
        },
      ),
      { numRuns: 200 },
    );
  });
});

describe('a segment of a log whatever its bytes', () => {
  test.each([true, false])('is refused, or is what was written (encrypted: %j)', async (encrypted) => {
    const cipher = encrypted ? createCipher(key) : null;
    const header = {
      schema: 'muster/segment/v2' as const,
      drill: 'd',
      method: 'binlog',
      segment: 3,
      file: 'f',
      offset: 0,
      bytes: 4,
      sha256: '',
      previous: null,
      readAt: '2026-01-02T03:04:05.678Z',
    };
    const stored = await encodeSegment(
      { component: 'mysql', backup: 'binlog' },
      { ...header, sha256: (await import('../../stores/meter.ts')).sha256Of(Buffer.from('data')) },
      Buffer.from('data'),
      cipher,
    );
    const altered = fc
      .record({
        where: fc.nat(stored.length - 1),
        remove: fc.nat(3),
        insert: fc.uint8Array({ maxLength: 3 }),
      })
      .map(({ where, remove, insert }) =>
        Buffer.concat([stored.subarray(0, where), insert, stored.subarray(where + remove)]),
      );
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(
          altered,
          fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
        ),
        async (bytes) => {
          const read = await decodeSegment(
            { component: 'mysql', backup: 'binlog', segment: 3, what: 'it' },
            bytes,
            cipher,
          ).catch((error: unknown) => {
            expect(error).toBeInstanceOf(MusterError);
            return null;
          });
          if (read) expect([String(read.bytes), read.header.segment]).toEqual(['data', 3]);
        },
      ),
      { numRuns: 500 },
    );
  });
});
