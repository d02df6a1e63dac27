import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { attachmentsFolder } from '../core/attachment.ts';
import { environmentError, messageOf } from '../core/errors.ts';

/**
 * Writes a text among the attachments of a drill and says what is there now, for the event that declares it.
 * Environment error when it cannot be written.
 */
export function saveText(
  bundle: string,
  name: string,
  text: string,
): { file: string; bytes: number; sha256: string } {
  const file = `${attachmentsFolder}/${name}`;
  const bytes = Buffer.from(text);
  try {
    mkdirSync(join(bundle, attachmentsFolder), { recursive: true, mode: 0o700 });
    writeFileSync(join(bundle, file), bytes, { mode: 0o600 });
  } catch (error) {
    throw environmentError('what a command said cannot be kept', {
      found: messageOf(error),
      expected: `a folder that can be written, with room: ${bundle}`,
      cause: error,
    });
  }
  return { file, bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') };
}
