import { pipeline, Transform, type Readable, type Duplex } from 'node:stream';
import { finished } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { environmentError, messageOf } from '../../core/errors.ts';
import type { Decryption } from '../../core/existing.ts';
import { gzipTail, leftOutText } from '../../core/gzip-tail.ts';
import { beginsAsZstd, createZstdUnpacker } from '../../core/zstd-frames.ts';
import { openAge } from './age.ts';
import { failingAs, withHead } from './head.ts';
import { openOpenssl } from './openssl.ts';
import { unpackedBy as unpackedByProgram } from './programs.ts';

/** What a backup lies in, by the bytes that it begins with. */
interface Layer {
  name: string;
  begins(head: Buffer): boolean;
  open(source: Readable, decryption: Decryption | null): Promise<Readable>;
}

const startsWith =
  (...bytes: number[]) =>
  (head: Buffer): boolean =>
    head.subarray(0, bytes.length).equals(Buffer.from(bytes));
const saying =
  (...texts: string[]) =>
  (head: Buffer): boolean =>
    texts.some((text) => head.subarray(0, text.length).toString('latin1') === text);

const unpackedBy =
  (name: string, make: () => Duplex) =>
  async (source: Readable): Promise<Readable> => {
    // Its end, good or bad, is that of what is read.
    const unpacked = pipeline(source, make(), () => undefined);
    return failingAs(unpacked as unknown as Readable, (error) => brokenPack(name, error));
  };

/** As gunzip does it, but for what it leaves out without a word. */
async function openGzip(source: Readable): Promise<Readable> {
  const tail = gzipTail();
  const watched = new Transform({
    highWaterMark: chunks.chunkSize,
    transform: (chunk: Buffer, _encoding, done) => {
      tail.see(chunk);
      done(null, chunk);
    },
  });
  const gunzip = createGunzip(chunks);
  const allUsed = finished(gunzip, { readable: false });
  allUsed.catch(() => undefined);
  const checked = new Transform({
    highWaterMark: chunks.chunkSize,
    transform: (chunk: Buffer, _encoding, done) => done(null, chunk),
    flush: (done) => {
      const leftOut = (): Error | null =>
        tail.isLeftOut(gunzip.bytesWritten)
          ? environmentError('its gzip is damaged', {
              found: leftOutText,
              expected: 'a whole gzip file',
            })
          : null;
      allUsed.then(() => done(leftOut()), done);
    },
  });
  const unpacked = pipeline(source, watched, gunzip, checked, () => undefined);
  return failingAs(unpacked as unknown as Readable, (error) => brokenPack('gzip', error));
}

/** An error of the layer without is told as it is. */
function brokenPack(name: string, error: unknown): unknown {
  const code = (error as { code?: string }).code ?? '';
  if (!/^(?:Z_|ZSTD_|ERR_ZSTD|ERR_ZLIB)/.test(code)) return error;
  const text = messageOf(error);
  const isCut = code === 'Z_BUF_ERROR' || /unexpected end/i.test(text);
  return environmentError(
    isCut ? `it is cut off: its ${name} ends in the middle` : `its ${name} is damaged`,
    { found: text, expected: `a whole ${name} file`, cause: error },
  );
}

const wanting =
  (how: 'age' | 'openssl', open: (source: Readable, decryption: Decryption) => Promise<Readable>) =>
  async (source: Readable, decryption: Decryption | null): Promise<Readable> => {
    if (decryption?.how.with === how) return open(source, decryption);
    source.destroy();
    throw environmentError(`it is encrypted with ${how}`, {
      // What is found is all that is told of a backup that is passed over.
      found: `${decryption ? `decrypt: { with: ${decryption.how.with} }` : 'nothing that says how it is opened'}; that is decrypt: { with: ${how}, keyFile: … } beside from, or --decrypt ${how} --key-file …`,
      expected: `decrypt: { with: ${how}, keyFile: … } or keyFrom: … in the strategy`,
    });
  };

const refused =
  (name: string) =>
  async (source: Readable): Promise<Readable> => {
    source.destroy();
    throw environmentError(`it is packed or encrypted with ${name}, which is not opened here`, {
      found: name,
      expected: 'plain, gzip, zstd, xz, bzip2, age or openssl enc',
    });
  };

const xzMagic = [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00];
const layers: readonly Layer[] = [
  { name: 'gzip', begins: startsWith(0x1f, 0x8b), open: openGzip },
  {
    name: 'zstd',
    begins: beginsAsZstd,
    open: unpackedBy('zstd', () => createZstdUnpacker(chunks)),
  },
  {
    name: 'age',
    begins: saying('age-encryption.org/v1', '-----BEGIN AGE ENCRYPTED FILE-----'),
    open: wanting('age', openAge),
  },
  { name: 'openssl', begins: saying('Salted__'), open: wanting('openssl', openOpenssl) },
  { name: 'xz', begins: startsWith(...xzMagic), open: unpackedByProgram('xz') },
  {
    name: 'bzip2',
    begins: (head) => /^BZh[1-9]/.test(head.toString('latin1', 0, 4)),
    open: unpackedByProgram('bzip2'),
  },
  { name: 'lz4', begins: startsWith(0x04, 0x22, 0x4d, 0x18), open: refused('lz4') },
  { name: 'zip', begins: startsWith(0x50, 0x4b, 0x03, 0x04), open: refused('zip') },
  { name: '7z', begins: startsWith(0x37, 0x7a, 0xbc, 0xaf), open: refused('7z') },
  { name: 'OpenPGP', begins: saying('-----BEGIN PGP MESSAGE-----'), open: refused('OpenPGP') },
];
const chunks = { chunkSize: 512 * 1024 };
const layersMax = 5;
const headBytes = 64 * 1024;

/**
 * Takes off what a backup lies in, layer by layer. Rejects with what is wrong with one of them, and with
 * which key it was to be opened; the content breaks with the same where only its end tells.
 */
export async function unwrapped(
  raw: Readable,
  decryption: Decryption | null,
): Promise<{ layers: string[]; head: Buffer; content: Readable }> {
  const taken: string[] = [];
  let { head, content } = await withHead(raw, headBytes);
  for (;;) {
    const layer = layers.find(({ begins }) => begins(head));
    if (!layer) return { layers: taken, head, content };
    if (taken.length === layersMax)
      throw environmentError(`it is packed more than ${layersMax} times`, { found: taken.join(', ') });
    taken.push(layer.name);
    ({ head, content } = await withHead(await layer.open(content, decryption), headBytes));
  }
}
