import { z } from 'zod';

const text = z.string();
const count = z.int().min(0);
const looked = {
  of: z.string().regex(/^[a-z]+-\d+$/, { error: 'an id, such as step-1' }),
  step: count,
  component: text,
  name: text,
  bytes: count,
};

/** What is on a timeline of backups that other tools made. */
export const existingShapes = {
  'existing.examined': z.strictObject({
    ...looked,
    outcome: z.enum(['passed-over', 'refused']),
    why: text,
  }),
  'existing.restored': z.strictObject({
    ...looked,
    provenance: z.literal('external'),
    sha256: z.string().regex(/^[0-9a-f]{64}$/, { error: 'a SHA-256 in 64 hexadecimal digits' }),
    layers: z.array(text),
    format: text,
    whole: z.boolean(),
    order: text,
    madeAt: text.nullable(),
    madeBy: text.nullable(),
    madeOn: text.nullable(),
    database: text.nullable(),
  }),
};
