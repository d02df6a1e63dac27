import { createReadStream, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { pack, type Pack } from 'tar-stream';
import { environmentError } from '../../core/errors.ts';
import type { Candidate } from '../../core/existing.ts';

/** The file that says of a folder that it is one backup together; undefined where none does. */
function markOf(names: readonly string[]): string | undefined {
  // pg_dump --format=directory lists everything in it.
  if (names.includes('toc.dat')) return 'toc.dat';
  // mydumper says in it when it began, and at the end when it had finished.
  return names.some((name) => /-schema(?:-create)?\.sql(?:\.(?:gz|zst))?$/.test(name))
    ? names.find((name) => name === 'metadata' || name === 'metadata.partial')
    : undefined;
}

/** What a tar keeps of a name without a header of its own for it. */
const shortName = /^[\x21-\x7e]{1,100}$/;
const block = 512;
const inBlocks = (bytes: number): number => Math.ceil(bytes / block) * block;

interface File {
  name: string;
  bytes: number;
}

/**
 * A folder that is one backup, as `pg_dump --format=directory` and mydumper leave it; null for any other. It
 * is read as a tar of its files, the one that says what it is first: the same files give the same bytes.
 */
export function folderCandidate(folder: string): Candidate | null {
  const names = readdirSync(folder, { withFileTypes: true }).flatMap((one) => (one.isFile() ? one.name : []));
  const mark = markOf(names);
  if (mark === undefined) return null;
  const files = [mark, ...names.filter((name) => name !== mark).sort()].map((name): File => {
    return { name, bytes: statSync(join(folder, name)).size };
  });
  return {
    name: folder,
    bytes: files.reduce((sum, { bytes }) => sum + block + inBlocks(bytes), 2 * block),
    modified: statSync(join(folder, mark)).mtime.toISOString(),
    open: async () => {
      const long = files.find(({ name }) => !shortName.test(name));
      if (long) throw environmentError('a file of it has a name that is not read', { found: long.name });
      const archive = pack();
      packed(archive, folder, files).catch((error: unknown) => archive.destroy(error as Error));
      return Readable.from(archive as unknown as AsyncIterable<Buffer>, { objectMode: false });
    },
  };
}

async function packed(archive: Pack, folder: string, files: readonly File[]): Promise<void> {
  for (const { name, bytes: size } of files) {
    const header = { name, size, mode: 0o600, mtime: new Date(0), type: 'file' as const };
    if (size === 0) {
      archive.entry(header, '');
      continue;
    }
    const entry = archive.entry(header);
    // What grows meanwhile is cut where it was; what shrinks is an error of the archive.
    createReadStream(join(folder, name), { end: size - 1, highWaterMark: 1024 * 1024 })
      .on('error', (error) => entry.destroy(error))
      .pipe(entry);
    await finished(entry);
  }
  archive.finalize();
}
