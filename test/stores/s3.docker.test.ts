import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import {
  GetBucketVersioningCommand,
  ListMultipartUploadsCommand,
  ListObjectVersionsCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { systemClock } from '../../core/clock.ts';
import { MusterError, messageOf } from '../../core/errors.ts';
import type { Service } from '../../core/service.ts';
import type { Stack } from '../../core/stack.ts';
import type { Store } from '../../core/store.ts';
import { directory } from '../../stores/directory.ts';
import { s3 } from '../../stores/s3.ts';
import { createRepository } from '../../stores/repository.ts';
import { storeConformance } from '../suites/store-conformance.ts';
import { s3ClientAt } from '../support/bucket.ts';
import { environment, s3Up } from './s3-stack.ts';
import { backUp, key, spec } from './workbench.ts';

let folder: string;
let stack: Stack;
let service: Service;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'muster-s3-'));
  stack = await s3Up(folder);
  service = stack.services.get('s3')!;
});
afterAll(async () => {
  await stack?.down();
  await rm(folder, { recursive: true, force: true });
});

interface Opening {
  bucket?: string;
  secret?: (name: string) => string;
  versioning?: boolean;
  timeout?: string;
}
const open = ({ secret = (name) => environment[name]!, ...config }: Opening = {}): Promise<Store> =>
  s3.open({
    name: 'offsite',
    config: s3.config.parse({ service: 's3', ...config }),
    folder,
    secret,
    service: () => service,
  });

const client = async (): Promise<S3Client> => s3ClientAt(await service.endpoint(7070), environment);

describe('as every store', () => storeConformance(() => open({ bucket: 'conformance' })));

describe('as a bucket', () => {
  test('is made when missing, with versioning or without', async () => {
    await (await open({ bucket: 'versioned' })).close();
    await (await open({ bucket: 'plain', versioning: false })).close();
    const s3Client = await client();
    expect((await s3Client.send(new GetBucketVersioningCommand({ Bucket: 'versioned' }))).Status).toBe(
      'Enabled',
    );
    expect((await s3Client.send(new GetBucketVersioningCommand({ Bucket: 'plain' }))).Status).toBeUndefined();
    s3Client.destroy();
  });

  test('says whether what a prune removes stays as an older version', async () => {
    const made = async (bucket: string, versioning: boolean) => {
      const stores = new Map([['offsite', await open({ bucket, versioning })]]);
      const repository = createRepository({
        stores,
        key: () => key,
        clock: systemClock,
        originMs: 0,
        drill: 'drill-1',
      });
      const points = { ...spec, copies: ['offsite'] };
      for (let i = 0; i < 2; i += 1) await backUp(repository, { 'a.sql': Buffer.from('one') }, points);
      const pruned = await repository.prune(points, { points: 1 }, async () => undefined);
      expect(pruned).toMatchObject({ removed: [expect.any(String)], objects: 3 });
      expect(await repository.points(spec.component, spec.backup, 'offsite')).toHaveLength(1);
      await repository.close();
      const s3Client = await client();
      const { Versions = [] } = await s3Client.send(
        new ListObjectVersionsCommand({ Bucket: bucket, Prefix: 'points/' }),
      );
      s3Client.destroy();
      return { ...pruned, left: Versions.filter(({ Key }) => Key!.includes(pruned.removed[0]!)).length };
    };
    expect(await made('pruned-versioned', true)).toMatchObject({ versionsStayIn: ['offsite'], left: 3 });
    expect(await made('pruned-plain', false)).toMatchObject({ versionsStayIn: [], left: 0 });
  });

  test('keeps what was overwritten or removed, as versions', async () => {
    const store = await open({ bucket: 'history' });
    await store.write('key', Buffer.from('first'));
    await store.write('key', Buffer.from('second'));
    await store.remove('key');
    expect(await store.list('')).toEqual([]);
    const s3Client = await client();
    expect((await s3Client.send(new ListObjectVersionsCommand({ Bucket: 'history' }))).Versions?.length).toBe(
      2,
    );
    s3Client.destroy();
    await store.close();
  });

  test('holds no parts of uploads that failed', async () => {
    const store = await open({ bucket: 'parts' });
    const stop = new AbortController();
    const failing = Readable.from(
      (function* () {
        for (let piece = 0; piece < 30; piece += 1) yield Buffer.alloc(1024 * 1024, piece);
        throw new Error('the dump broke');
      })(),
    );
    await expect(store.write('failing', failing)).rejects.toMatchObject({ found: 'the dump broke' });
    const stopped = Readable.from(
      (async function* () {
        for (let piece = 0; ; piece += 1) {
          yield Buffer.alloc(1024 * 1024, piece);
          if (piece === 20) stop.abort(new Error('told to stop'));
        }
      })(),
    );
    await expect(store.write('stopped', stopped, { signal: stop.signal })).rejects.toMatchObject({
      found: expect.stringContaining('told to stop'),
    });
    const s3Client = await client();
    const uploads = async (): Promise<number> =>
      (await s3Client.send(new ListMultipartUploadsCommand({ Bucket: 'parts' }))).Uploads?.length ?? 0;
    expect(await uploads()).toBe(0);
    // The look itself sees an upload that is under way.
    const taken = Promise.withResolvers<void>();
    const go = Promise.withResolvers<void>();
    const slow = store.write(
      'slow',
      Readable.from(
        (async function* () {
          for (let piece = 0; piece < 40; piece += 1) yield Buffer.alloc(1024 * 1024, piece);
          taken.resolve();
          await go.promise;
        })(),
      ),
    );
    await taken.promise;
    expect(await uploads()).toBe(1);
    go.resolve();
    await slow;
    expect(await uploads()).toBe(0);
    s3Client.destroy();
    await store.close();
  });

  test('refuses wrong credentials with a reason, and does not repeat them', async () => {
    const error = await open({
      bucket: 'conformance',
      secret: (name) => (name === 'S3_SECRET_KEY' ? 'a-wrong-secret-0123' : environment[name]!),
    }).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(MusterError);
    expect(error).toMatchObject({ trouble: 'environment', message: expect.stringContaining('offsite') });
    expect(JSON.stringify(error) + messageOf(error)).not.toContain('a-wrong-secret-0123');
  });
});

describe('when the server fails', () => {
  test('a backup into it and a folder fails, and neither shows a point', async () => {
    const offsite = await open({ bucket: 'failing', timeout: '2s' });
    const volume = await directory.open({
      name: 'volume',
      config: {},
      folder,
      secret: never,
      service: never,
    });
    const repository = createRepository({
      stores: new Map([
        ['volume', volume],
        ['offsite', offsite],
      ]),
      key: () => key,
      clock: systemClock,
      originMs: 0,
      drill: 'd',
    });
    const both = { ...spec, copies: ['volume', 'offsite'] };
    const made = await backUp(repository, { 'dump.sql': Buffer.alloc(40_000_000, 'INSERT INTO a;') }, both);
    const point = await repository.begin(both);
    let piece = 0;
    const { randomBytes } = await import('node:crypto');
    const body = Readable.from(
      (async function* () {
        for (; piece < 60; piece += 1) {
          if (piece === 30) await service.stop(0);
          yield randomBytes(1024 * 1024);
        }
      })(),
    );
    await expect(point.put('dump.sql', body)).rejects.toThrow(/store offsite could not write/);
    expect(piece).toBeGreaterThanOrEqual(30);
    await expect(repository.points('mysql', 'dump', 'offsite')).rejects.toThrow(
      /store offsite could not list/,
    );
    // It is back at another port of this machine: the same store finds it there.
    await service.start();
    await service.waitHealthy(60_000);
    await point.abort();
    for (const store of ['volume', 'offsite'])
      expect(await repository.points('mysql', 'dump', store)).toEqual([made]);
    expect((await volume.list('points/')).length).toBe(3);
    const scratch = await mkdtemp(join(folder, 'scratch-'));
    const artifact = await repository.fetch(made, 'offsite', {
      folder: scratch,
      signal: new AbortController().signal,
      stage: (_, __, work) => work(),
      progress: () => {},
    });
    expect(artifact.files).toEqual([
      { name: 'dump.sql', path: join(scratch, 'dump.sql'), bytes: 40_000_000 },
    ]);
    await repository.close();
  });

  test('a server that is silent is given up after three times its timeout', async () => {
    const store = await open({ bucket: 'silent', timeout: '1s' });
    await service.pause();
    try {
      const fromMs = systemClock.nowMs();
      await expect(store.write('key', Buffer.from('x'))).rejects.toThrow(/store offsite could not write key/);
      const tookMs = systemClock.nowMs() - fromMs;
      expect(tookMs).toBeGreaterThan(2_500);
      expect(tookMs).toBeLessThan(15_000);
    } finally {
      await service.unpause();
    }
    await service.waitHealthy(60_000);
    await store.write('key', Buffer.from('x'));
    await store.close();
  });
});

const never = (): never => {
  throw new Error('a directory needs no service and no secret');
};
