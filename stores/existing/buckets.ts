import { matchesGlob } from 'node:path';
import type { Readable } from 'node:stream';
import { environmentError, messageOf } from '../../core/errors.ts';
import type { Candidate, Candidates } from '../../core/existing.ts';
import { isPattern } from './files.ts';
import { inOrder } from './order.ts';

/**
 * Objects of an S3 bucket, which are read and never written. Credentials, region and endpoint are those of
 * the AWS tools: AWS_ACCESS_KEY_ID, AWS_REGION, AWS_ENDPOINT_URL, a profile.
 */
export async function listObjects(from: string): Promise<Candidates> {
  const [, bucket, key = ''] = /^s3:\/\/([^/]+)\/?(.*)$/.exec(from) ?? [];
  if (bucket === undefined)
    throw environmentError('the place is not an S3 URI', { found: from, expected: 's3://bucket/key' });
  const { GetObjectCommand, paginateListObjectsV2, S3Client } = await import('@aws-sdk/client-s3');
  const client = new S3Client({
    ...(process.env['AWS_REGION'] || process.env['AWS_DEFAULT_REGION'] ? {} : { region: 'us-east-1' }),
    // A server of one's own rarely has a name for each bucket.
    forcePathStyle: Boolean(process.env['AWS_ENDPOINT_URL_S3'] || process.env['AWS_ENDPOINT_URL']),
  });
  const prefix = isPattern(key) ? key.slice(0, key.search(/[*?[{]/)) : key;
  const all: Candidate[] = [];
  try {
    for await (const page of paginateListObjectsV2({ client }, { Bucket: bucket, Prefix: prefix }))
      for (const { Key, Size = 0, LastModified } of page.Contents ?? [])
        all.push({
          name: `s3://${bucket}/${Key}`,
          bytes: Size,
          modified: LastModified?.toISOString() ?? null,
          open: async () =>
            (await client.send(new GetObjectCommand({ Bucket: bucket, Key: Key! }))).Body as Readable,
        });
  } catch (error) {
    client.destroy();
    throw environmentError(`the bucket ${bucket} cannot be listed`, {
      found: messageOf(error),
      expected: `objects below ${from}`,
      hint: 'credentials and endpoint are those of the AWS tools: AWS_ACCESS_KEY_ID, AWS_ENDPOINT_URL, …',
      cause: error,
    });
  }
  const named = all.filter(({ name }) => name === `s3://${bucket}/${key}`);
  if (named.length > 0) return inOrder(named, true);
  const inFolder = key === '' || key.endsWith('/') ? key : `${key}/`;
  const isMeant = (name: string): boolean => {
    const own = name.slice(`s3://${bucket}/`.length);
    if (own.endsWith('/')) return false;
    return isPattern(key) ? matchesGlob(own, key) : own.startsWith(inFolder);
  };
  return inOrder(
    all.filter(({ name }) => isMeant(name)),
    false,
  );
}
