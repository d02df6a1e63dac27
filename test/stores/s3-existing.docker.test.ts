import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { Stack } from '../../core/stack.ts';
import { existingReader } from '../../stores/existing/reader.ts';
import { s3 } from '../../stores/s3.ts';
import { environment, s3Up } from './s3-stack.ts';

describe('backups of other tools in a bucket, found as the AWS tools find them', () => {
  const dump = '-- MySQL dump\nCREATE TABLE t (id INT);\n';
  const text = async (from: string): Promise<string> => {
    const [first] = (await existingReader.list(from)).found;
    const opened = await existingReader.open(first!, null, new AbortController().signal);
    const pieces: Buffer[] = [];
    for await (const piece of opened.content) pieces.push(piece as Buffer);
    expect(opened.read()).toMatchObject({ bytes: first!.bytes });
    return Buffer.concat(pieces).toString();
  };
  let folder: string;
  let stack: Stack;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'muster-s3-existing-'));
    stack = await s3Up(folder);
    const service = stack.services.get('s3')!;
    const { host, port } = await service.endpoint(7070);
    vi.stubEnv('AWS_ENDPOINT_URL', `http://${host}:${port}`);
    vi.stubEnv('AWS_ACCESS_KEY_ID', environment['S3_ACCESS_KEY']);
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', environment['S3_SECRET_KEY']);
    const store = await s3.open({
      name: 'offsite',
      config: s3.config.parse({ service: 's3', bucket: 'nightly', versioning: false }),
      folder,
      secret: (name) => environment[name]!,
      service: () => service,
    });
    await store.write('shop/2026-11-28.sql.gz', gzipSync(dump));
    await store.write('shop/2026-11-27.sql.gz', gzipSync('an older one'));
    await store.write('shop/2026-11-28.sql.gz.sha256', Buffer.from('x'));
    await store.write('blog/2026-11-29.sql.gz', gzipSync('of another'));
    await store.close();
  });
  afterAll(async () => {
    vi.unstubAllEnvs();
    await stack?.down();
    await rm(folder, { recursive: true, force: true });
  });

  test.each([
    ['an object', 's3://nightly/shop/2026-11-28.sql.gz'],
    ['a pattern', 's3://nightly/shop/*.sql.gz'],
    ['a folder', 's3://nightly/shop/'],
    ['a folder by its name alone', 's3://nightly/shop'],
  ])('%s', async (_, from) => expect(await text(from)).toBe(dump));
  test('what lies beside is passed over, and another folder is not looked into', async () => {
    const { found, passedOver } = await existingReader.list('s3://nightly/shop/');
    expect(found.map(({ name }) => name)).toEqual([
      's3://nightly/shop/2026-11-28.sql.gz',
      's3://nightly/shop/2026-11-27.sql.gz',
    ]);
    expect(passedOver.map(({ name }) => name)).toEqual(['s3://nightly/shop/2026-11-28.sql.gz.sha256']);
  });
  test('a bucket that there is not, or that lets nobody in, is told of', async () => {
    await expect(existingReader.list('s3://none-of-that-name/x')).rejects.toThrow(/cannot be listed/);
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'wrong');
    await expect(existingReader.list('s3://nightly/shop')).rejects.toThrow(/cannot be listed/);
  });
});
