import { basename, posix } from 'node:path';
import type { Transform } from 'node:stream';
import { environmentError } from '../../../core/errors.ts';
import { endOf, firstFiles, unpackedName, watchTar, wholeOf, type FileEnd } from '../../tar-watch.ts';
import { readList, type ArchiveHead, type Entry } from '../archive-list.ts';

/**
 * What `pg_dump --format=directory` writes (src/bin/pg_dump/pg_backup_directory.c): `toc.dat`, which lists
 * everything, and a file for the rows of each table and for each large object, packed or not.
 */
const list = 'toc.dat';
const dataFile = /^(?:blob_)?\d+\.dat(?:\.(?:gz|lz4|zst))?$/;
const blobsFile = /^blobs(?:_\d+)?\.toc$/;

/** How the rows of a table end: as COPY has them, and as INSERT. */
const ends = { copies: '\\.\n\n\n', inserts: '\n\n' };

interface Seen extends FileEnd {
  name: string;
}

/** Of one folder: files of rows by their names without what they are packed in, and lists. */
interface Parts {
  files: Map<string, Seen>;
  texts: Map<string, Buffer>;
}

/** An archive of a directory, as it goes by. */
export interface DirectoryWatch {
  through: Transform;
  /** What its list says; asked once all of it has gone by. Environment error where it has none. */
  head(): ArchiveHead;
  /** In words, what is missing or damaged; null where all is there. */
  missing(): string | null;
  /** Of each file its own end was seen. */
  isWhole(): boolean;
}

/** Looks into a tar of the directory while it goes to the server. */
export function watchDirectory(progress: (bytes: number) => void): DirectoryWatch {
  /** By the folder that it lies in, for only what lies beside the list is of it. */
  const parts = new Map<string, Parts>();
  const { through, broken } = watchTar(progress, (path, content) => {
    const name = basename(path);
    const folder = posix.normalize(posix.dirname(path));
    const { files, texts } = parts.get(folder) ?? { files: new Map(), texts: new Map() };
    parts.set(folder, { files, texts });
    if (dataFile.test(name))
      return endOf(name, content).then((found) => void files.set(unpackedName(name), { name, ...found }));
    return name === list || blobsFile.test(name)
      ? wholeOf(content).then((text) => void texts.set(name, text))
      : null;
  });
  const dumped = (): Parts & { list: Buffer } => {
    const found = [...parts].filter(([, { texts }]) => texts.has(list));
    if (found.length > 1)
      throw environmentError('it holds more than one dump', {
        found: found.map(([folder]) => `${folder}/${list}`).join(', '),
        expected: 'what pg_dump wrote into one directory',
        hint: 'have `from` name an archive of one of them',
      });
    const [one] = found;
    if (one) return { ...one[1], list: one[1].texts.get(list)! };
    throw environmentError('it is cut off', {
      found: `a directory without ${list}`,
      expected: 'everything that pg_dump wrote into it',
    });
  };
  const head = (): ArchiveHead => {
    const found = readList(dumped().list);
    if (found) return found.head;
    throw environmentError('it is cut off', {
      found: `${list} ends within its list`,
      expected: 'everything that pg_dump wrote into it',
    });
  };
  return {
    through,
    head,
    missing: () => broken() ?? missingIn(head().entries, dumped()),
    isWhole: () => [...dumped().files.values()].every(({ name, end }) => end !== null && isMarked(name)),
  };
}

/** The end of a large object that is packed in nothing is marked by nothing. */
const isMarked = (name: string): boolean => !name.startsWith('blob_') || name !== unpackedName(name);

/** Everything that the list names is there, and each ends as its tool ends it. */
function missingIn(entries: readonly Entry[], { files, texts }: Parts): string | null {
  const wrong = entries.flatMap(({ kind, schema, name, file, copies }) => {
    if (file === null) return [];
    const what = `${kind} ${schema === '' ? '' : `${schema}.`}${name}`;
    if (blobsFile.test(file)) {
      const blobs = texts.get(file);
      if (!blobs) return [`${file} of ${what} is missing`];
      return blobsIn(blobs).flatMap((one) => wrongWith(files.get(one), one, what) ?? []);
    }
    return wrongWith(files.get(file), file, what, copies ? ends.copies : ends.inserts) ?? [];
  });
  if (wrong.length === 0) return null;
  return `${wrong.length} of its files: ${wrong.slice(0, 3).join(', ')}`;
}

/** A line each: the number of the object, and its file. */
const blobsIn = (text: Buffer): string[] =>
  text
    .toString('latin1')
    .split('\n')
    .flatMap((line) => line.split(' ')[1] ?? []);

function wrongWith(seen: Seen | undefined, file: string, what: string, ending = ''): string | null {
  if (!seen) return `${file} of ${what} is missing`;
  if (seen.wrong !== null) return `${seen.name} of ${what}: ${seen.wrong}`;
  if (seen.end === null || seen.end.endsWith(ending)) return null;
  return `${seen.name} of ${what} ends with ${JSON.stringify(seen.end)}, in the middle of its rows`;
}

/**
 * What the list begins with, where a tar is one of such a directory by its first files; a data folder has
 * none of these.
 */
export function directoryIn(head: Buffer): { list: Buffer } | null {
  const files = firstFiles(head).map(({ path, content }) => ({ name: basename(path), content }));
  if (!files[0] || !isOurs(files[0].name)) return null;
  return { list: files.find(({ name }) => name === list)?.content ?? Buffer.alloc(0) };
}
const isOurs = (name: string): boolean => name === list || dataFile.test(name) || blobsFile.test(name);

/** Unpacks it where there is room, and has pg_restore read it; `$0` is the data folder's path. */
export const restoringDirectory = `set -eu
room=
for one in "\${TMPDIR:-/tmp}" /var/tmp "$0"; do
  if room="$(mktemp -d "$one/.muster-dump.XXXXXX" 2> /dev/null)"; then break; fi
done
[ -n "$room" ] || { echo 'error: there is no folder to unpack it in' >&2; exit 1; }
trap 'rm -rf "$room"' EXIT
tar -x -f - -C "$room" --no-same-owner
found="$(find "$room" -name ${list})"
[ -n "$found" ] || { echo 'error: it holds no ${list}' >&2; exit 1; }
[ "$(echo "$found" | wc -l)" -eq 1 ] || { echo 'error: it holds more than one ${list}' >&2; exit 1; }
"$@" "\${found%/${list}}"`;
