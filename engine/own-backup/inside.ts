import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createGunzip, type Zlib } from 'node:zlib';
import type { Readable, Transform } from 'node:stream';
import { dumpEdgeBytes, type DumpShape, type DumpWatch } from '../../core/dump-shape.ts';
import { messageOf } from '../../core/errors.ts';
import { gzipTail, leftOutText, type GzipTail } from '../../core/gzip-tail.ts';
import { beginsAsZstd, createZstdUnpacker } from '../../core/zstd-frames.ts';

/** Compressions that are opened to see whether something whole is inside. */
const compressions: Compression[] = [
  {
    about: 'gzip archive',
    begins: (head) => head.toString('latin1', 0, 2) === '\x1f\x8b',
    open: () => createGunzip(),
  },
  { about: 'zstd archive', begins: beginsAsZstd, open: () => createZstdUnpacker() },
];
interface Compression {
  about: string;
  begins(head: Buffer): boolean;
  open(): Transform & Pick<Zlib, 'bytesWritten'>;
}
/** What a parallel packer puts before the first frame, and how that begins. */
const magicBytes = 16;

/** Looks at a file as it goes by. */
export interface Inspection {
  take(chunk: Uint8Array): Promise<void>;
  /** Why what went by is no backup; null where nothing shows. */
  end(): Promise<string | null>;
  content(): Content;
}

/**
 * SHA-256 of what is inside, once it has ended: an archive packed anew is not what is new in it. `alike`: the
 * same of two dumps of the same data, which a tool makes at another time.
 */
export interface Content {
  exact: string;
  alike: string;
}

/** Of a file, whether it is a whole archive with something in it, and a whole dump where it is one. */
export function inspection(shapes: readonly DumpShape[]): Inspection {
  const plain = edges(shapes);
  let head = Buffer.alloc(0);
  let opened: Opened | null = null;
  let begun = false;
  const begin = async (): Promise<void> => {
    begun = true;
    const kind = compressions.find(({ begins }) => begins(head));
    if (kind) opened = openAs(kind, plain.take);
    await pass(head);
  };
  const pass = async (bytes: Uint8Array): Promise<void> => {
    if (!opened) return plain.take(bytes);
    const { stream, tail } = opened;
    tail?.see(bytes);
    if (stream.destroyed || stream.write(bytes)) return;
    await Promise.race([once(stream, 'drain').catch(() => undefined), opened.over]);
  };
  return {
    take: async (chunk) => {
      if (begun) return pass(chunk);
      head = Buffer.concat([head, chunk]);
      if (head.length >= magicBytes) await begin();
    },
    end: async () => {
      if (!begun) await begin();
      opened?.stream.end();
      await opened?.over;
      const { bytes, shape, last, missing } = plain.seen();
      if (opened?.failed) return `it is no whole ${opened.about}: ${opened.failed}`;
      if (opened?.tail?.isLeftOut(opened.stream.bytesWritten))
        return `it is no whole ${opened.about}: ${leftOutText}`;
      if (bytes === 0) return opened ? `it is a ${opened.about} of nothing` : 'it is empty';
      if (missing !== null) return `it is ${shape!.about}, and not whole: ${missing}`;
      if (!(shape?.ends instanceof RegExp) || shape.ends.test(last)) return null;
      return `it is ${shape.about}, and breaks off after ${bytes} bytes: what a whole one ends with is missing`;
    },
    content: () => plain.seen().content,
  };
}

/** What goes by, looked at on the way. */
export async function* passing(content: Readable, looked: Inspection): AsyncGenerator<Uint8Array> {
  for await (const chunk of content) {
    await looked.take(chunk as Uint8Array);
    yield chunk as Uint8Array;
  }
}

/** A stream that is read as fast as it gives; a broken archive ends it and breaks nothing else. */
function openAs({ about, open }: Compression, take: (bytes: Uint8Array) => void): Opened {
  const stream = open();
  const { promise, resolve } = Promise.withResolvers<void>();
  const tail = about === 'gzip archive' ? gzipTail() : null;
  const opened: Opened = { about, stream, tail, failed: null, over: promise };
  stream.on('data', take);
  // With all that was given to it, and not where it saw an end.
  stream.once('close', resolve);
  stream.once('error', (error) => {
    opened.failed = messageOf(error);
  });
  return opened;
}
interface Opened {
  about: string;
  stream: Transform & Pick<Zlib, 'bytesWritten'>;
  tail: GzipTail | null;
  failed: string | null;
  over: Promise<void>;
}

/** Keeps the kind, the end and the digest of what goes by; has it watched where its kind asks for that. */
function edges(shapes: readonly DumpShape[]): { take(bytes: Uint8Array): void; seen(): Seen } {
  const hash = createHash('sha256');
  const between = createHash('sha256');
  let bytes = 0;
  let first = Buffer.alloc(0);
  let behind = Buffer.alloc(0);
  let last = Buffer.alloc(0);
  let shape: DumpShape | undefined;
  let watch: DumpWatch | null = null;
  const contentOf = (): Content => {
    const exact = hash.copy().digest('hex');
    if (!shape?.varies) return { exact, alike: exact };
    const without = (edge: Buffer, varies: RegExp | undefined): string =>
      varies ? edge.toString('latin1').replaceAll(varies, '') : edge.toString('latin1');
    const { first: atFirst, last: atLast } = shape.varies;
    const parts = [
      without(first.subarray(0, dumpEdgeBytes), atFirst),
      between.copy().digest('hex'),
      without(behind, atLast),
    ];
    return { exact, alike: createHash('sha256').update(JSON.stringify(parts)).digest('hex') };
  };
  const know = (): void => {
    shape = shapes.find(({ begins }) => begins.test(first.subarray(0, dumpEdgeBytes).toString('latin1')));
    if (!shape || shape.ends instanceof RegExp) return;
    watch = shape.ends();
    watch.see(first);
  };
  return {
    take: (chunk) => {
      const isBeginning = bytes < dumpEdgeBytes;
      bytes += chunk.length;
      hash.update(chunk);
      if (isBeginning) {
        first = Buffer.concat([first, chunk]);
        if (bytes >= dumpEdgeBytes) know();
      } else watch?.see(chunk);
      last = Buffer.concat([last, chunk.subarray(-dumpEdgeBytes)]).subarray(-dumpEdgeBytes);
      // What is neither among its first bytes nor among its last.
      behind = Buffer.concat([behind, chunk.subarray(Math.max(0, dumpEdgeBytes - (bytes - chunk.length)))]);
      const middle = behind.subarray(0, Math.max(0, behind.length - dumpEdgeBytes));
      between.update(middle);
      behind = behind.subarray(middle.length);
    },
    seen: () => {
      if (bytes < dumpEdgeBytes) know();
      return {
        bytes,
        shape,
        missing: watch?.missing() ?? null,
        last: last.toString('latin1'),
        content: contentOf(),
      };
    },
  };
}
interface Seen {
  bytes: number;
  shape: DumpShape | undefined;
  /** What was watched, and is not whole. */
  missing: string | null;
  last: string;
  content: Content;
}
