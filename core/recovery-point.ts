import { z } from 'zod';
import { environmentError } from './errors.ts';

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);

/** One file. `plain` is before compression and encryption, `stored` is what lies in the store. */
const fileSchema = z.strictObject({
  name: z.string(),
  key: z.string(),
  plainBytes: z.number().int(),
  plainSha256: sha256,
  storedBytes: z.number().int(),
  storedSha256: sha256,
});
export type StoredFile = z.infer<typeof fileSchema>;

/** Files of ours, in every copy. */
const filesSchema = z.strictObject({
  kind: z.literal('files'),
  compression: z.literal('zstd'),
  encryption: z.strictObject({ format: z.string(), algorithm: z.string(), keyId: z.string() }).nullable(),
  files: z.array(fileSchema),
});

/** What its method keeps by itself: the reference says where, in words that only the method understands. */
export const externalSchema = z.strictObject({
  kind: z.literal('external'),
  reference: z.string().min(1),
  bytes: z.number().int().positive(),
  sha256,
});
export type ExternalPayload = Omit<z.infer<typeof externalSchema>, 'kind'>;

export type FilesPayload = z.infer<typeof filesSchema>;

/**
 * A recovery point as every copy holds it, byte for byte. Written last: without it nothing is a recovery
 * point. Its times are absolute, by the clock of the drill that made it, which nobody sets meanwhile; what it
 * was in milliseconds of that drill is on the timeline.
 */
export const pointSchema = z.strictObject({
  schema: z.literal('muster/recovery-point/v2'),
  id: z.string(),
  component: z.string(),
  backup: z.string(),
  method: z.string(),
  /** The drill that made it. */
  drill: z.string(),
  /** The consistency point, and the same in the system's own terms (`position`). */
  takenAt: z.iso.datetime(),
  /**
   * When all of the payload was in every copy, or where its method keeps it. When this was in every copy as
   * well is on the timeline.
   */
  durableAt: z.iso.datetime(),
  position: z.record(z.string(), z.string()),
  tool: z.string(),
  server: z.string(),
  facts: z.json(),
  payload: z.discriminatedUnion('kind', [filesSchema, externalSchema]),
  copies: z.array(z.string()),
});
export type StoredPoint = z.infer<typeof pointSchema>;

/** Whose it is, as the drill under way sees it: its own, or anybody else's, as of an earlier drill. */
export const provenances = ['drill', 'external'] as const;
export type Provenance = (typeof provenances)[number];

/** One finished backup, durable in its stores: what can be restored, and up to which moment. */
export interface RecoveryPoint extends StoredPoint {
  /** SHA-256 of what was stored of it: `backup.durable` has the same, or it is not the one that was seen. */
  digest: string;
  provenance: Provenance;
}

/** Its files in our stores: none where its method keeps the payload by itself. */
export const filesOf = ({ payload }: StoredPoint): readonly StoredFile[] =>
  payload.kind === 'files' ? payload.files : [];

/** How its files are encrypted; null where they are not, or are not ours. */
export const encryptionOf = ({ payload }: StoredPoint): FilesPayload['encryption'] =>
  payload.kind === 'files' ? payload.encryption : null;

/** What is damaged of it in a store. Environment error where nothing of its payload lies there. */
export function largestFileOf(point: StoredPoint): StoredFile {
  const [first, ...more] = filesOf(point);
  if (first) return more.reduce((a, b) => (b.storedBytes > a.storedBytes ? b : a), first);
  throw environmentError(`recovery point ${point.id} has no file in any store`, {
    found: `what its method ${point.method} keeps by itself`,
    expected: 'files',
  });
}

export const storedText = (point: StoredPoint): string => JSON.stringify(point, null, 2);

export const takenMs = ({ takenAt }: Pick<StoredPoint, 'takenAt'>): number => Date.parse(takenAt);

/** Of several drills, by the clocks of each. */
export const newestFirst = (a: StoredPoint, b: StoredPoint): number =>
  takenMs(b) - takenMs(a) || (a.id < b.id ? 1 : -1);
