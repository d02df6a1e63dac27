import { z } from 'zod';
import type { Fingerprint } from './existing.ts';

const digest = z.string().min(1);

/** What `muster fingerprint` writes: of which component, and as of when (UTC). */
export const fingerprintSchema = z.strictObject({
  schema: z.literal('muster/fingerprint/v1'),
  component: z.string(),
  driver: z.string(),
  server: z.string(),
  takenAt: z.iso.datetime(),
  data: z.record(z.string(), z.strictObject({ rows: z.int().min(0), digest })),
  definitions: z.record(z.string(), digest),
  unread: z.array(z.string()).default([]),
  expiring: z.int().min(0).default(0),
});
export type FingerprintFile = z.output<typeof fingerprintSchema>;

/** `shop` of `table shop.orders`: what else the backup is of, nobody took a fingerprint of. */
const placeOf = (name: string): string => /^.*? (.+?)\./.exec(name)?.[1] ?? '';

/** Each difference in words; none where what was restored is what the source was. */
export function fingerprintDifferences(source: Fingerprint, restored: Fingerprint): string[] {
  const differences: string[] = [];
  for (const [name, is] of Object.entries(source.definitions)) {
    const found = restored.definitions[name];
    if (found === undefined) differences.push(`${name} is missing`);
    else if (found !== is) differences.push(`${name} is defined otherwise`);
  }
  const places = new Set(Object.keys(source.definitions).map(placeOf));
  for (const name of Object.keys(restored.definitions))
    if (source.definitions[name] === undefined && places.has(placeOf(name)))
      differences.push(`${name} was not at the source`);
  for (const [name, { rows, digest: is }] of Object.entries(source.data)) {
    const found = restored.data[name];
    if (!found) differences.push(`the rows of ${name} are missing`);
    else if (found.rows !== rows) differences.push(`${name} has ${found.rows} rows, and had ${rows}`);
    else if (found.digest !== is) differences.push(`${name} has ${rows} rows as before, and other ones`);
  }
  return differences;
}
