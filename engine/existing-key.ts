import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { environmentError, messageOf } from '../core/errors.ts';
import type { Decryption } from '../core/existing.ts';
import type { ExistingPlan } from '../core/existing-plan.ts';
import type { Given } from './drill-context.ts';
import { secretOf } from './drill-environment.ts';

/** How backups that exist already are opened, with their key; null where they lie in the clear. */
export function decryptionOf(drill: Given, { decrypt }: ExistingPlan): Decryption | null {
  if (!decrypt) return null;
  if (decrypt.keyFrom !== undefined) return { how: decrypt, key: secretOf(drill, decrypt.keyFrom) };
  const file = resolve(dirname(drill.plan.strategyFile), decrypt.keyFile!);
  try {
    const key = readFileSync(file, 'utf8').replace(/[\r\n]+$/, '');
    drill.secrets.add(key);
    return { how: decrypt, key };
  } catch (error) {
    throw environmentError('the key of the backup cannot be read', {
      found: messageOf(error),
      expected: `a file ${file}`,
      cause: error,
    });
  }
}
