import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import {
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  PutObjectCommand,
  type S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Consistency } from '../../core/backup.ts';
import type { Stack } from '../../core/stack.ts';
import type { Store } from '../../core/store.ts';
import { s3 } from '../../stores/s3.ts';
import { rows } from '../engine/followed-cases.ts';
import { s3ClientAt } from '../support/bucket.ts';
import { nextWhile as nextOf, refusal } from '../support/followed.ts';
import { runOwn, type OwnRun } from '../support/own-scripts.ts';
import { environment, s3Up } from './s3-stack.ts';

const bucket = 'nightly';
const settlesMs = 2_000;
const soonMs = 15_000;

describe('a sidecar that puts its backups into a bucket by a clock of its own', { timeout: 240_000 }, () => {
  let folder: string;
  let stack: Stack;
  let client: S3Client;
  let store: Store;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'muster-s3-followed-'));
    stack = await s3Up(folder);
    const service = stack.services.get('s3')!;
    const { host, port } = await service.endpoint(7070);
    client = s3ClientAt({ host, port }, environment);
    store = await s3.open({
      name: 'b',
      config: s3.config.parse({ service: 's3', bucket, versioning: false }),
      folder,
      secret: (name) => environment[name]!,
      service: () => service,
    });
  });
  afterAll(async () => {
    client?.destroy();
    await store?.close();
    await stack?.down();
    await rm(folder, { recursive: true, force: true });
  });

  const put = async (Key: string, Body: Uint8Array): Promise<void> =>
    void (await client.send(new PutObjectCommand({ Bucket: bucket, Key, Body })));
  /** Each has a prefix of its own, and an own view of the store: what is counted there is its own looks. */
  const following = (prefix: string, work: (own: OwnRun) => Promise<void>): Promise<void> =>
    runOwn(
      {
        follow: `{ settles: ${settlesMs}ms }`,
        restore: 'true',
        produces: `{ objects: ${prefix}, in: b, atLeast: 8B }`,
      },
      work,
      { ...store, close: async () => undefined },
    );
  const nextWhile = (own: OwnRun, act: () => Promise<unknown>, withinMs = soonMs): Promise<Consistency> =>
    nextOf(own, act, withinMs);

  test('an object that appears is a recovery point, hashed, as old as the last look without it', () =>
    following('appears/', async (own) => {
      await put('appears/of-before.gz', rows('before'));
      const monday = rows('monday');
      let putMs = 0;
      const taken = await nextWhile(own, async () => {
        putMs = own.now();
        await put('appears/monday.gz', monday);
      });
      expect(taken.kept).toEqual({
        reference: 'appears/monday.gz',
        bytes: monday.length,
        sha256: createHash('sha256').update(monday).digest('hex'),
      });
      expect(taken.atMs).toBeLessThanOrEqual(putMs);
      own.write();
      const next = await nextWhile(own, () => put('appears/monday.gz', rows('tuesday, under the same key')));
      expect(next.kept!.sha256).not.toBe(taken.kept!.sha256);
    }));

  test('an object of another prefix of the bucket is none of it', () =>
    following('mine/', async (own) => {
      const coming = nextWhile(own, () => put('mine-not/x.gz', rows('of another')), 4_000);
      expect(await refusal(coming)).toMatch(/has left nothing new/);
    }));

  test('an upload in parts is one when it is completed, and nothing before', () =>
    following('parts/', async (own) => {
      const Key = 'parts/large.gz';
      const whole = gzipSync(Buffer.from('large '.repeat(2_000)));
      const { UploadId } = await client.send(new CreateMultipartUploadCommand({ Bucket: bucket, Key }));
      const { ETag } = await client.send(
        new UploadPartCommand({ Bucket: bucket, Key, UploadId, PartNumber: 1, Body: whole }),
      );
      expect(await refusal(own.next(4_000))).toMatch(/has left nothing new/);
      const taken = await nextWhile(own, () =>
        client.send(
          new CompleteMultipartUploadCommand({
            ...{ Bucket: bucket, Key, UploadId },
            MultipartUpload: { Parts: [{ ETag, PartNumber: 1 }] },
          }),
        ),
      );
      expect(taken.kept).toMatchObject({ reference: Key, bytes: whole.length });
    }));

  test.each<[string, (key: string) => Promise<void>, RegExp]>([
    [
      'holds half of what was uploaded',
      (key) => put(key, rows('half').subarray(0, 30)),
      /x\.gz of the sidecar is no backup: it is no whole gzip archive/,
    ],
    ['is empty', (key) => put(key, Buffer.alloc(0)), /x\.gz of the sidecar is no backup: it is empty/],
  ])('an object that %s is none', (name, act, reason) => {
    const prefix = `${name.split(' ')[0]}-${name.length}/`;
    return following(prefix, async (own) => {
      expect(await refusal(nextWhile(own, () => act(`${prefix}x.gz`), 5_000))).toMatch(reason);
    });
  });

  test('an object that shrinks while it is looked at is none, and the next one is', () =>
    following('shrinks/', async (own) => {
      const shrinking = nextWhile(own, () => put('shrinks/x.gz', rows('whole and rather long')));
      shrinking.catch(() => undefined);
      await own.looked(4);
      await put('shrinks/x.gz', gzipSync('whole'));
      expect(await refusal(shrinking)).toMatch(/x\.gz of the sidecar shrank while it was looked at/);
      const next = await nextWhile(own, () => put('shrinks/y.gz', rows('another')));
      expect(next.kept).toMatchObject({ reference: 'shrinks/y.gz' });
    }));
});
