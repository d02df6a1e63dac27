import { Readable, Transform } from 'node:stream';
import type { Store } from '../../core/store.ts';

/** Stores that misbehave, each around a real one, after restic's test backends. */

type Call = Exclude<keyof Store, 'close'>;

/**
 * Counts the calls of all stores it wraps, and makes the nth fail: before it did anything, in the middle of a
 * stream, or after it did everything (a lost answer). `failed` tells which call it was; null when there were
 * fewer.
 */
export class Nth {
  failed: string | null = null;
  calls = 0;
  private readonly nth: number;
  private readonly when: 'before' | 'during' | 'after';
  private readonly lasting: boolean;

  /** `lasting`: every call from the nth on fails, as when the stores are gone for good. */
  constructor(nth: number, when: 'before' | 'during' | 'after', lasting = false) {
    this.nth = nth;
    this.when = when;
    this.lasting = lasting;
  }

  readonly wrap = (store: Store, name: string): Store => ({
    write: (key, body, options) =>
      this.call('write', name, key, (strike) =>
        store.write(key, strike && body instanceof Readable ? strike(body) : body, options),
      ),
    read: (key) =>
      this.call('read', name, key, async (strike) =>
        strike ? strike(await store.read(key)) : store.read(key),
      ),
    list: (prefix) => this.call('list', name, prefix, () => store.list(prefix)),
    remove: (key) => this.call('remove', name, key, () => store.remove(key)),
    close: () => store.close(),
  });

  private async call<T>(
    call: Call,
    name: string,
    key: string,
    work: (strike: ((stream: Readable) => Readable) | null) => Promise<T>,
  ): Promise<T> {
    this.calls += 1;
    if (this.lasting ? this.calls < this.nth : this.calls !== this.nth) return work(null);
    this.failed = `${this.when} ${call} ${name}:${key}`;
    const error = new Error(`struck ${this.failed}`);
    if (this.when === 'before') throw error;
    if (this.when === 'during') {
      let struck = false;
      const done = await work((stream) => {
        struck = true;
        return broken(stream, error);
      });
      // Nothing streamed through this call: then it fails at its end.
      if (!struck) throw error;
      return done;
    }
    const lost = await work(null);
    if (lost instanceof Readable) lost.destroy();
    throw error;
  }
}

function broken(stream: Readable, error: Error): Readable {
  let seen = 0;
  const through = new Transform({
    transform: (chunk: Buffer, _, done) => ((seen += chunk.length) > 100 ? done(error) : done(null, chunk)),
    flush: (done) => done(error),
  });
  stream.on('error', (reason) => through.destroy(reason));
  return stream.pipe(through);
}

/** Hands out objects whose keys match, altered. */
export const alteringStore = (matches: RegExp, alter: (bytes: Buffer) => Buffer) =>
  cuttingStore(matches, (bytes) => [alter(bytes)]);

/** Hands out objects whose keys match in other pieces. */
export const cuttingStore =
  (matches: RegExp, cut: (bytes: Buffer) => Buffer[]) =>
  (store: Store): Store => ({
    ...store,
    read: async (key) => {
      const body = await store.read(key);
      if (!matches.test(key)) return body;
      const chunks: Buffer[] = [];
      for await (const chunk of body) chunks.push(chunk as Buffer);
      return Readable.from(cut(Buffer.concat(chunks)));
    },
  });

export const lastByteFlipped = (bytes: Buffer): Buffer => {
  const altered = Buffer.from(bytes);
  altered[altered.length - 1]! ^= 1;
  return altered;
};
export const truncated = (bytes: Buffer): Buffer => bytes.subarray(0, bytes.length - 1);
export const halved = (bytes: Buffer): Buffer => bytes.subarray(0, bytes.length >> 1);
export const emptied = (): Buffer => Buffer.alloc(0);
export const lengthened = (bytes: Buffer): Buffer => Buffer.concat([bytes, Buffer.from([0])]);
