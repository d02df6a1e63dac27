import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { eventsOf, type TimelineEvent } from '../core/timeline.ts';
import { isPlainFile, sha256OfFile } from './bundle-files.ts';

const namePattern = /^command-\d+\.(stdout|stderr)\.txt$/;

/** Whether a file of a bundle holds what a command said. */
export const isOutput = (name: string): boolean => namePattern.test(name);
export const outputFiles = (folder: string): string[] => readdirSync(folder).filter(isOutput).sort();

/** What is wrong with those files, held against the timeline; null when each is as it was written. */
export function outputDamage(folder: string, events: readonly TimelineEvent[]): string | null {
  for (const { file, bytes, sha256 } of eventsOf(events, 'command.ended').flatMap(
    ({ data }) => data.outputs,
  )) {
    const path = join(folder, file);
    if (!namePattern.test(file) || !isPlainFile(path)) return `${file} is missing`;
    if (statSync(path).size !== bytes || sha256OfFile(path) !== sha256)
      return `${file} is not what the timeline says: its SHA-256 differs`;
  }
  return null;
}
