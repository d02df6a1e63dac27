import { environmentError } from '../../core/errors.ts';
import { z } from 'zod';

/** One line of an append-only file's manifest (aof.c): base, incremental, or history that is about to go. */
export interface ManifestEntry {
  file: string;
  sequence: number;
  type: 'b' | 'i' | 'h';
}

/** Reads `file <name> seq <n> type <b|i|h>` lines; throws on anything else, and on a manifest without any. */
export function parseManifest(text: string): ManifestEntry[] {
  const entries = text
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line): ManifestEntry => {
      const match = /^file ([^\s/"\\]+) seq (\d+) type ([bih])(?: .*)?$/.exec(line);
      if (!match)
        throw environmentError('the manifest of the append-only file cannot be read', {
          found: JSON.stringify(line),
          expected: 'file <name> seq <number> type <b|i|h>',
        });
      return { file: match[1]!, sequence: Number(match[2]), type: match[3] as ManifestEntry['type'] };
    });
  if (!entries.some(({ type }) => type !== 'h'))
    throw environmentError('the manifest of the append-only file names no file', {
      found: JSON.stringify(text.slice(0, 200)),
    });
  return entries;
}

/** What the recovery point remembers of each file: an append-only file has no checksum of its own. */
export const aofFacts = z.strictObject({
  manifest: z.string(),
  files: z.array(z.strictObject({ name: z.string(), bytes: z.int(), sha256: z.string() })),
});
