import { GetObjectCommand, ListObjectsV2Command, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import type { Endpoint } from '../../core/service.ts';
import type { Scene } from './tampering.ts';

/** `environment`: it has the keys. */
export const s3ClientAt = ({ host, port }: Endpoint, environment: Record<string, string>): S3Client =>
  new S3Client({
    endpoint: `http://${host}:${port}`,
    region: 'us-east-1',
    forcePathStyle: true,
    credentials: {
      accessKeyId: environment['S3_ACCESS_KEY']!,
      secretAccessKey: environment['S3_SECRET_KEY']!,
    },
  });

/** The bucket of backups as somebody with the keys sees it, by S3's own interface. */
export async function bucketOf(
  { stack, environment }: Scene,
  bucket = 'backups',
): Promise<{
  keys(prefix: string): Promise<string[]>;
  read(key: string): Promise<Buffer>;
  write(key: string, bytes: Uint8Array): Promise<void>;
  close(): void;
}> {
  const { host, port } = await stack.services.get('s3-west')!.endpoint(7070);
  const client = s3ClientAt({ host, port }, environment);
  return {
    keys: async (prefix) =>
      ((await client.send(new ListObjectsV2Command({ Bucket: bucket, Prefix: prefix }))).Contents ?? []).map(
        ({ Key }) => Key!,
      ),
    read: async (key) =>
      Buffer.from(
        await (
          await client.send(new GetObjectCommand({ Bucket: bucket, Key: key }))
        ).Body!.transformToByteArray(),
      ),
    write: async (key, bytes) =>
      void (await client.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: bytes }))),
    close: () => client.destroy(),
  };
}
