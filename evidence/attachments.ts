import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { attachmentsFolder } from '../core/attachment.ts';
import { eventsOf, type TimelineEvent } from '../core/timeline.ts';
import { isPlainFile, sha256OfFile } from './bundle-files.ts';

/** Whatever lies where attachments do, by its path in the bundle. */
export function attachedFiles(bundle: string): string[] {
  const folder = join(bundle, attachmentsFolder);
  if (!existsSync(folder) || !statSync(folder).isDirectory()) return [];
  return readdirSync(folder)
    .sort()
    .map((name) => `${attachmentsFolder}/${name}`);
}

/**
 * What is wrong with the attachments: each is as an event declares it, and none is there that no event
 * declares. Null when nothing is.
 */
export function attachmentDamage(bundle: string, events: readonly TimelineEvent[]): string | null {
  const declared = eventsOf(events, 'attachment.saved').map(({ data }) => data);
  for (const { file, bytes, sha256 } of declared) {
    const path = join(bundle, file);
    if (!isPlainFile(path)) return `${file} is missing`;
    if (statSync(path).size !== bytes || sha256OfFile(path) !== sha256)
      return `${file} is not what the timeline says: its SHA-256 differs`;
  }
  const stray = attachedFiles(bundle).find((file) => !declared.some((one) => one.file === file));
  return stray === undefined ? null : `${stray} is an attachment that no event declares`;
}
