import { z } from 'zod';
import { environmentError, messageOf } from '../core/errors.ts';
import type { Cipher } from './cipher.ts';
import { compressBytes, decompressBytes } from './compression.ts';
import { segmentBinding } from './layout.ts';
import { sha256Of } from './meter.ts';

/**
 * One piece of a followed log: this header as a line of JSON, then the bytes; compressed, then encrypted as
 * one message. `previous` is the SHA-256 of the segment before as it is stored, which makes a chain: no
 * segment of another time fits in. Segment 0 opens a log and carries no bytes.
 */
const headerSchema = z.strictObject({
  schema: z.literal('muster/segment/v2'),
  drill: z.string(),
  method: z.string(),
  segment: z.int().nonnegative(),
  file: z.string(),
  offset: z.int().nonnegative(),
  bytes: z.int().nonnegative(),
  sha256: z.string(),
  previous: z.string().nullable(),
  readAt: z.iso.datetime(),
});
export type SegmentHeader = z.infer<typeof headerSchema>;
export interface Segment {
  header: SegmentHeader;
  bytes: Buffer;
}

/** No append may be larger; it also bounds what a damaged segment can unpack to. */
export const segmentBytesMax = 256 * 1024 * 1024;
const headerBytesMax = 64 * 1024;
const newline = 0x0a;

export async function encodeSegment(
  at: { component: string; backup: string },
  header: SegmentHeader,
  bytes: Uint8Array,
  cipher: Cipher | null,
): Promise<Buffer> {
  const packed = await compressBytes(Buffer.concat([Buffer.from(`${JSON.stringify(header)}\n`), bytes]));
  return cipher ? cipher.encrypt(packed, segmentBinding(at.component, at.backup, header.segment)) : packed;
}

/** Raises an error that names the segment when it is damaged, of another log, or not that number. */
export async function decodeSegment(
  at: { component: string; backup: string; segment: number; what: string },
  stored: Buffer,
  cipher: Cipher | null,
): Promise<Segment> {
  const refused = (found: string, expected: string, cause?: unknown): Error =>
    environmentError(`${at.what} is refused`, { found, expected, cause });
  let plain: Buffer;
  try {
    const packed = cipher
      ? await cipher.decrypt(stored, segmentBinding(at.component, at.backup, at.segment), at.what)
      : stored;
    plain = await decompressBytes(packed, segmentBytesMax + headerBytesMax);
  } catch (error) {
    throw refused(messageOf(error), 'a segment that decrypts and unpacks', error);
  }
  const end = plain.indexOf(newline);
  const header = headerSchema.safeParse(jsonOf(plain.subarray(0, Math.max(end, 0))));
  if (!header.success) throw refused('a header that cannot be read', 'a header of muster/segment/v2');
  const bytes = plain.subarray(end + 1);
  if (header.data.segment !== at.segment)
    throw refused(`segment ${header.data.segment}`, `segment ${at.segment}`);
  if (bytes.length !== header.data.bytes || sha256Of(bytes) !== header.data.sha256)
    throw refused(
      `${bytes.length} bytes with SHA-256 ${sha256Of(bytes)}`,
      `${header.data.bytes} bytes with SHA-256 ${header.data.sha256}`,
    );
  return { header: header.data, bytes };
}

function jsonOf(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    return undefined;
  }
}
