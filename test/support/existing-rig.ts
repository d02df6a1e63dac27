import { mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CheckOutcome } from '../../core/check-outcome.ts';
import { messageOf } from '../../core/errors.ts';
import type { Decryption, ExistingRestorer, RestoredExisting } from '../../core/existing.ts';
import { existingSchema } from '../../core/existing-plan.ts';
import { existingReader } from '../../stores/existing/reader.ts';
import { scratch } from './scratch.ts';

export const declaredAs = (given: Record<string, unknown> = {}) =>
  existingSchema.parse({ from: 'here', ...given });

export type Came =
  | { is: 'restored'; restored: RestoredExisting; usable: CheckOutcome; layers: readonly string[] }
  | { is: 'other' | 'refused'; why: string };

/** What becomes of one backup that is a file of these bytes, as a restore test goes about it. */
export async function cameOf(
  restorer: ExistingRestorer,
  bytes: Uint8Array,
  given: Record<string, unknown> = {},
  decryption: Decryption | null = null,
): Promise<Came> {
  const file = join(mkdtempSync(join(scratch, 'existing-')), 'backup');
  writeFileSync(file, bytes);
  const { signal } = new AbortController();
  const declared = declaredAs(given);
  const [candidate] = (await existingReader.list(file)).found;
  try {
    const opened = await existingReader.open(candidate!, decryption, signal);
    const recognised = restorer.recognise(opened.head, declared);
    if (recognised.is !== 'ours') {
      opened.close();
      return { is: recognised.is === 'other' ? 'other' : 'refused', why: recognised.why };
    }
    await restorer.empty(declared);
    const context = { signal, progress: () => undefined, declared };
    const restored = await restorer.restore(opened.content, recognised, context);
    opened.read();
    return { is: 'restored', restored, usable: await restorer.usable(), layers: opened.layers };
  } catch (error) {
    return { is: 'refused', why: messageOf(error) };
  }
}
