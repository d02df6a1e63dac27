import { posix } from 'node:path';
import type { Readable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { extract, type Header } from 'tar-stream';
import { z } from 'zod';
import { environmentError, messageOf } from '../core/errors.ts';

/** Lists of what an archive holds are short; a longer one is none. */
const listBytesMax = 1024 * 1024;

const ofDocker = z.array(z.object({ RepoTags: z.array(z.string()).nullish() }));
const ofContainerd = z.object({
  manifests: z.array(z.object({ annotations: z.record(z.string(), z.string()).optional() })).optional(),
});
const ofOldDocker = z.record(z.string(), z.record(z.string(), z.string()));

/**
 * Where an archive says under which names its images will be known. An engine reads one of them, and which
 * depends on its version.
 */
const lists: Record<string, (json: unknown) => string[]> = {
  'manifest.json': (json) => ofDocker.parse(json).flatMap(({ RepoTags }) => RepoTags ?? []),
  'index.json': (json) =>
    (ofContainerd.parse(json).manifests ?? []).flatMap(
      ({ annotations }) => annotations?.['io.containerd.image.name'] ?? [],
    ),
  repositories: (json) =>
    Object.entries(ofOldDocker.parse(json)).flatMap(([name, tags]) =>
      Object.keys(tags).map((tag) => `${name}:${tag}`),
    ),
};

/**
 * What an archive of `docker save` tells of itself: how many images, and every name that they would be given.
 */
export interface ArchiveContents {
  images: number;
  names: string[];
}

/**
 * Reads an archive without unpacking it. Environment error when it is cut off, holds what leads out of it
 * (absolute names, `..`, links to elsewhere, devices), or lists its contents twice.
 */
export async function contentsOf(archive: Readable): Promise<ArchiveContents> {
  const reading = extract();
  const seen = new Set<string>();
  const contents: ArchiveContents = { images: 0, names: [] };
  reading.on('entry', (header, content, next) => {
    void entry(header, content, seen, contents).then(
      () => next(),
      (error: unknown) => reading.destroy(error as Error),
    );
  });
  archive.on('error', (error) => reading.destroy(error));
  archive.pipe(reading);
  await finished(reading).catch((error: unknown) => {
    archive.destroy();
    throw environmentError('the archive of the image cannot be read', {
      found: messageOf(error),
      cause: error,
    });
  });
  return contents;
}

async function entry(
  header: Header,
  content: AsyncIterable<unknown>,
  seen: Set<string>,
  contents: ArchiveContents,
): Promise<void> {
  const name = insideOf(header);
  const list = lists[name];
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of content) {
    bytes += (part as Buffer).length;
    if (list && bytes > listBytesMax)
      throw environmentError(`its ${name} is too long`, { expected: `at most ${listBytesMax} bytes` });
    if (list) parts.push(part as Buffer);
  }
  if (!list) return;
  if (seen.has(name) || header.type !== 'file')
    throw environmentError(`its ${name} is not one plain file`, {
      found: seen.has(name) ? 'it comes twice' : `a ${header.type}`,
    });
  seen.add(name);
  const json: unknown = JSON.parse(Buffer.concat(parts).toString('utf8'));
  contents.names.push(...list(json));
  if (name === 'manifest.json') contents.images = (json as unknown[]).length;
}

/** The entry's name, without `./` before it. Raises an environment error for what would not stay inside. */
function insideOf({ name, type, linkname }: Header): string {
  const refused = (found: string): Error => environmentError('an entry of it leads elsewhere', { found });
  const leaves = (path: string): boolean =>
    posix.isAbsolute(path) ||
    path.includes('\\') ||
    path.includes('\0') ||
    posix.normalize(path).split('/')[0] === '..';
  if (leaves(name)) throw refused(`${type} ${name}`);
  if (
    (type === 'symlink' && leaves(posix.join(posix.dirname(name), linkname ?? ''))) ||
    (type === 'symlink' && posix.isAbsolute(linkname ?? '/'))
  )
    throw refused(`symlink ${name} to ${linkname}`);
  if (type === 'link' && leaves(linkname ?? '/')) throw refused(`link ${name} to ${linkname}`);
  if (!['file', 'directory', 'symlink', 'link', 'contiguous-file'].includes(type ?? 'file'))
    throw refused(`${type} ${name}`);
  return posix.normalize(name);
}
