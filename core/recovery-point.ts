import { z } from 'zod';

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);

/** One file of a payload. `plain` is before compression and encryption, `stored` is what lies in the store. */
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
  /** When all of the payload was in every copy. That this is in every copy as well is told by the timeline. */
  durableAt: z.iso.datetime(),
  position: z.record(z.string(), z.string()),
  tool: z.string(),
  server: z.string(),
  facts: z.json(),
  payload: filesSchema,
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

export const storedText = (point: StoredPoint): string => JSON.stringify(point, null, 2);

export const takenMs = ({ takenAt }: Pick<StoredPoint, 'takenAt'>): number => Date.parse(takenAt);

/** Of several drills, by the clocks of each. */
export const newestFirst = (a: StoredPoint, b: StoredPoint): number =>
  takenMs(b) - takenMs(a) || (a.id < b.id ? 1 : -1);
