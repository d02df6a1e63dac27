import { createHash } from 'node:crypto';
import { closeSync, fstatSync, lstatSync, openSync, readSync } from 'node:fs';
import { StringDecoder } from 'node:string_decoder';

/**
 * Files of a bundle are read in blocks of this size: a drill of ten million operations leaves hundreds of
 * megabytes.
 */
const blockBytes = 1024 * 1024;

/** No line of a timeline comes near it, in characters. */
const lineMax = 64 * 1024 * 1024;

/**
 * A plain file, and no link, pipe or device: a bundle may come from anywhere, and must not be made to wait or
 * to lead elsewhere.
 */
export const isPlainFile = (path: string): boolean =>
  lstatSync(path, { throwIfNoEntry: false })?.isFile() === true;

/** The file's bytes from its beginning. A block is only valid until the next one is asked for. */
export function* blocksOf(path: string, bytes = blockBytes): Generator<Uint8Array> {
  const file = openSync(path, 'r');
  // A byte more than there is, so that a small file takes a small block.
  const block = new Uint8Array(Math.min(bytes, fstatSync(file).size + 1));
  try {
    for (let got = readSync(file, block); got > 0; got = readSync(file, block)) yield block.subarray(0, got);
  } finally {
    closeSync(file);
  }
}

export function sha256OfFile(path: string): string {
  const hash = createHash('sha256');
  for (const block of blocksOf(path)) hash.update(block);
  return hash.digest('hex');
}

/**
 * The text between line feeds; the last one is what follows the last line feed, empty in a whole file. Throws
 * for a line that does not end.
 */
export function* linesOf(path: string): Generator<string> {
  const decoder = new StringDecoder('utf8');
  let rest: string[] = [];
  let length = 0;
  const cut = function* (text: string): Generator<string> {
    const lines = text.split('\n');
    for (const line of lines.slice(0, -1)) {
      yield [...rest, line].join('');
      rest = [];
      length = 0;
    }
    rest.push(lines.at(-1)!);
    length += lines.at(-1)!.length;
    if (length > lineMax) throw new Error(`a line of more than ${lineMax} characters`);
  };
  for (const block of blocksOf(path)) yield* cut(decoder.write(Buffer.from(block)));
  yield* cut(decoder.end());
  yield rest.join('');
}
