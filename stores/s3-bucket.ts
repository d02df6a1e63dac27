import type { Readable } from 'node:stream';
import {
  CreateBucketCommand,
  DeleteObjectCommand,
  GetBucketVersioningCommand,
  GetObjectCommand,
  HeadBucketCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  S3Client,
  paginateListObjectsV2,
} from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { environmentError, messageOf } from '../core/errors.ts';
import type { Store, StoreContext } from '../core/store.ts';
import { byKey, checkPath, noSuchKey } from './key.ts';
import type { Config } from './s3-config.ts';

type EndpointV2 = { url: URL };

const secretNames = { accessKeyId: 'S3_ACCESS_KEY', secretAccessKey: 'S3_SECRET_KEY' } as const;
const requestsMost = 3;
const connectMs = 5_000;
/**
 * S3 takes parts from 5 MiB. Memory held is a part for each of the two requests under way, and one being
 * filled.
 */
const partBytes = 8 * 1024 * 1024;
const partsAtOnce = 2;

/**
 * A bucket of an S3 server in the stack (path style, plain HTTP on loopback). Small bodies are one PUT,
 * larger ones a multipart upload: S3 shows neither before it is complete, and an upload that fails is
 * aborted.
 */
export async function openBucket({
  name,
  config: { service, port, bucket, signingRegion, versioning, timeout },
  service: serviceOf,
  secret,
}: StoreContext<Config>): Promise<Store> {
  const server = serviceOf(service);
  let at: Promise<EndpointV2> | null = null;
  const client = new S3Client({
    // Asked for each request; the port changes when the container restarts, so it is looked up again after an
    // error.
    endpoint: () =>
      (at ??= server
        .endpoint(port)
        .then((found) => ({ url: new URL(`http://${found.host}:${found.port}`) }))),
    region: signingRegion,
    forcePathStyle: true,
    maxAttempts: requestsMost,
    credentials: {
      accessKeyId: secret(secretNames.accessKeyId),
      secretAccessKey: secret(secretNames.secretAccessKey),
    },
    requestHandler: {
      connectionTimeout: connectMs,
      requestTimeout: timeout.ms,
      socketTimeout: timeout.ms,
      throwOnRequestTimeout: true,
    },
  });
  const asking: Ask = async (what, work, { repeatable = true } = {}) => {
    try {
      return await work();
    } catch (error) {
      at = null;
      // Nobody listens where it was: it may have come back elsewhere, which is found out by asking once more.
      if (repeatable && isRefused(error)) return asking(what, work, { repeatable: false });
      throw environmentError(`store ${name} could not ${what}`, {
        found: messageOf(error),
        expected: `an answer from S3 at service ${service}, bucket ${bucket}`,
        cause: error,
      });
    }
  };
  await asking('make sure of its bucket', () => makeSureOfBucket(client, bucket, versioning)).catch(
    (error: unknown) => {
      client.destroy();
      throw error;
    },
  );
  return bucketStore(name, client, bucket, asking);
}

/** `repeatable`: what is sent can be sent again. A stream cannot. Default true. */
type Ask = <T>(what: string, work: () => Promise<T>, options?: { repeatable?: boolean }) => Promise<T>;

async function makeSureOfBucket(client: S3Client, bucket: string, versioning: boolean): Promise<void> {
  try {
    await client.send(new HeadBucketCommand({ Bucket: bucket }));
  } catch (error) {
    if (statusOf(error) !== 404) throw error;
    await client.send(new CreateBucketCommand({ Bucket: bucket })).catch((reason: unknown) => {
      // Two stores of one drill may share a bucket and be opened at once.
      if ((reason as Error).name !== 'BucketAlreadyOwnedByYou') throw reason;
    });
    if (versioning)
      await client.send(
        new PutBucketVersioningCommand({ Bucket: bucket, VersioningConfiguration: { Status: 'Enabled' } }),
      );
  }
}

function bucketStore(name: string, client: S3Client, bucket: string, asking: Ask): Store {
  const place = (key: string): { Bucket: string; Key: string } => ({
    Bucket: bucket,
    Key: checkPath(key, 'a key'),
  });
  return {
    write: async (key, body, { signal } = {}) => {
      const to = place(key);
      return asking(
        `write ${key}`,
        async () => {
          signal?.throwIfAborted();
          if (!(body instanceof Uint8Array)) return { bytes: await upload(client, to, body, signal) };
          await client.send(
            new PutObjectCommand({ ...to, Body: body }),
            signal ? { abortSignal: signal } : {},
          );
          return { bytes: body.length };
        },
        { repeatable: body instanceof Uint8Array },
      );
    },
    read: async (key) => {
      const from = place(key);
      const answer = await asking(`read ${key}`, () =>
        client.send(new GetObjectCommand(from)).catch((error: unknown) => {
          if ((error as Error).name === 'NoSuchKey') return null;
          throw error;
        }),
      );
      if (answer === null) throw noSuchKey(name, key);
      return answer.Body as Readable;
    },
    list: (prefix) =>
      asking(`list ${prefix}`, async () => {
        const found: { key: string; bytes: number; state: string }[] = [];
        for await (const page of paginateListObjectsV2({ client }, { Bucket: bucket, Prefix: prefix })) {
          for (const { Key, Size, ETag, LastModified } of page.Contents ?? [])
            found.push({ key: Key!, bytes: Size!, state: `${ETag} ${LastModified?.toISOString()}` });
        }
        return found.sort(byKey);
      }),
    remove: async (key) => {
      const at = place(key);
      await asking(`remove ${key}`, () => client.send(new DeleteObjectCommand(at)));
    },
    keepsVersions: () =>
      asking(
        'say whether it keeps versions',
        async () =>
          (await client.send(new GetBucketVersioningCommand({ Bucket: bucket }))).Status === 'Enabled',
      ),
    close: async () => client.destroy(),
  };
}

/** Bytes stored. The multipart upload is aborted when the body or a part fails, or the signal says so. */
async function upload(
  client: S3Client,
  to: { Bucket: string; Key: string },
  body: Readable,
  signal: AbortSignal | undefined,
): Promise<number> {
  const sending = new Upload({
    client,
    params: { ...to, Body: body },
    partSize: partBytes,
    queueSize: partsAtOnce,
    leavePartsOnError: false,
  });
  let bytes = 0;
  sending.on('httpUploadProgress', ({ loaded }) => {
    bytes = Math.max(bytes, loaded ?? 0);
  });
  const stop = (): void => void body.destroy(signal!.reason as Error);
  signal?.addEventListener('abort', stop, { once: true });
  try {
    await sending.done();
    return bytes;
  } finally {
    signal?.removeEventListener('abort', stop);
  }
}

const isRefused = (error: unknown): boolean => (error as { code?: string }).code === 'ECONNREFUSED';
const statusOf = (error: unknown): number | undefined =>
  (error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode;
