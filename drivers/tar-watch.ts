import { Transform, type Duplex, type Readable, type Writable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { extract } from 'tar-stream';
import { environmentError, messageOf } from '../core/errors.ts';
import { createZstdUnpacker } from '../core/zstd-frames.ts';

/** An archive of a backup of many files, as it goes by to the server. */
export interface TarWatch {
  through: Transform;
  /** What is wrong with the archive itself, once all of it has gone by; null where nothing is. */
  broken(): string | null;
}

/** `look` is given each file, and reads it to its end; it gives null where it wants nothing of it. */
export function watchTar(
  progress: (bytes: number) => void,
  look: (path: string, content: Readable) => Promise<void> | null,
): TarWatch {
  const unpacking = extract();
  let broken: string | null = null;
  unpacking.on('entry', ({ name, type }, content, next) => {
    const source = content as unknown as Readable;
    const looking = type === 'file' ? look(name, source) : null;
    (looking ?? leftOut(source)).then(() => next(), next);
  });
  const over = new Promise<void>((resolve) => {
    unpacking.on('finish', resolve);
    unpacking.on('close', resolve);
    unpacking.on('error', (error) => {
      broken ??= messageOf(error);
      resolve();
    });
  });
  let bytes = 0;
  const through = new Transform({
    highWaterMark: 1024 * 1024,
    transform: (chunk: Buffer, _encoding, done) => {
      bytes += chunk.length;
      progress(bytes);
      const passOn = (): void => done(null, chunk);
      if (broken !== null || unpacking.write(chunk)) return passOn();
      const drained = new Promise<void>((resolve) => void unpacking.once('drain', resolve));
      void Promise.race([drained, over]).then(passOn);
    },
    flush: (done) => {
      (unpacking as unknown as Writable).end();
      void over.then(() => done());
    },
  });
  return { through, broken: () => broken };
}

async function leftOut(content: Readable): Promise<void> {
  for await (const _ of content);
}

/** A file of a backup, read to its end. */
export interface FileEnd {
  /** What is wrong with what it is packed in; null where nothing is. */
  wrong: string | null;
  /** Its last bytes, unpacked; null where it cannot be looked into here. */
  end: string | null;
}

const endBytes = 64;
const unpackers: Record<string, (() => Duplex) | null> = {
  gz: createGunzip,
  zst: createZstdUnpacker,
  lz4: null,
};

/** Its name without the ending of what it is packed in. */
export const unpackedName = (name: string): string => name.replace(/\.(?:gz|lz4|zst)$/, '');

/** Reads it to its end, whatever is wrong with it. */
export async function endOf(name: string, content: Readable): Promise<FileEnd> {
  const packing = name === unpackedName(name) ? undefined : name.slice(name.lastIndexOf('.') + 1);
  let end: Buffer = Buffer.alloc(0);
  const keep = (chunk: Buffer): void => {
    end = Buffer.concat([end, chunk.subarray(-endBytes)]).subarray(-endBytes);
  };
  const make = packing === undefined ? undefined : unpackers[packing];
  if (!make) {
    for await (const chunk of content) keep(chunk as Buffer);
    return { wrong: null, end: make === null ? null : end.toString('latin1') };
  }
  const unpacker = make();
  unpacker.on('data', keep);
  const over = finished(unpacker).then(
    () => null,
    (error: unknown) => `its ${packing} is cut off or damaged (${messageOf(error)})`,
  );
  for await (const chunk of content)
    if (!unpacker.destroyed && !unpacker.write(chunk))
      await Promise.race([new Promise((resolve) => unpacker.once('drain', resolve)), over]);
  unpacker.end();
  return { wrong: await over, end: end.toString('latin1') };
}

const textMax = 64 * 1024 ** 2;

/** All of a small file. */
export async function wholeOf(content: Readable): Promise<Buffer> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of content) {
    bytes += (piece as Buffer).length;
    if (bytes > textMax) throw environmentError('its list is larger than any', { found: `${bytes} bytes` });
    pieces.push(piece as Buffer);
  }
  return Buffer.concat(pieces);
}

const block = 512;

/** Files whose heads are among the first bytes of an archive, by path, each with what of it is there. */
export function firstFiles(head: Buffer): { path: string; content: Buffer }[] {
  const found: { path: string; content: Buffer }[] = [];
  for (let at = 0; at + block <= head.length; ) {
    const header = head.subarray(at, at + block);
    const path = header.subarray(0, 100).toString('latin1').split('\0')[0]!;
    const size = Number.parseInt(header.subarray(124, 136).toString('latin1'), 8);
    if (path === '' || !Number.isFinite(size)) break;
    if (['0', '\0'].includes(String.fromCharCode(header[156]!)))
      found.push({ path, content: head.subarray(at + block, at + block + size) });
    at += block + Math.ceil(size / block) * block;
  }
  return found;
}
