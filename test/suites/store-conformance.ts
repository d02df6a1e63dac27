import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { MusterError, messageOf } from '../../core/errors.ts';
import type { Store } from '../../core/store.ts';

const mebibyte = 1024 * 1024;
function* pieces(count: number): Generator<Buffer> {
  for (let index = 1; index <= count; index += 1) yield Buffer.alloc(mebibyte, index);
}
const reasonOf = (work: Promise<unknown>): Promise<string> => work.then(() => 'it did not fail', messageOf);
const digest = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/**
 * What every store must do. `open` gives a fresh handle on the same, at first empty, place. Larger than one
 * part of a multipart upload.
 */
export function storeConformance(open: () => Promise<Store>): void {
  let store: Store;
  beforeAll(async () => {
    store = await open();
  });
  afterAll(() => store.close());
  const sizes = async (prefix: string): Promise<{ key: string; bytes: number }[]> =>
    (await store.list(prefix)).map(({ key, bytes }) => ({ key, bytes }));

  test('gives back bytes as they were written, and says how many', async () => {
    const bytes = Buffer.from([0, 255, 13, 10, 0]);
    expect(await store.write('bytes/a', bytes)).toEqual({ bytes: 5 });
    expect(await buffer(await store.read('bytes/a'))).toEqual(bytes);
  });

  test('gives back a stream as it was written', async () => {
    const body = Buffer.concat([...pieces(20)]);
    expect(await store.write('stream/large', Readable.from(pieces(20)))).toEqual({ bytes: body.length });
    expect(digest(await buffer(await store.read('stream/large')))).toBe(digest(body));
  });

  test('takes empty bodies of both kinds', async () => {
    expect(await store.write('empty/bytes', new Uint8Array())).toEqual({ bytes: 0 });
    expect(await store.write('empty/stream', Readable.from([]))).toEqual({ bytes: 0 });
    expect((await buffer(await store.read('empty/stream'))).length).toBe(0);
    expect(await sizes('empty/')).toEqual([
      { key: 'empty/bytes', bytes: 0 },
      { key: 'empty/stream', bytes: 0 },
    ]);
  });

  test('replaces what was under the key, also with something shorter', async () => {
    await store.write('again', Buffer.from('the first and longer one'));
    await store.write('again', Buffer.from('the second'));
    expect(String(await buffer(await store.read('again')))).toBe('the second');
  });

  test('lists another state once what is under a key was written anew, and the same where it was not', async () => {
    const stateOf = async (): Promise<string | undefined> => (await store.list('state/'))[0]!.state;
    await store.write('state/a', Buffer.from('one'));
    const first = await stateOf();
    expect(await stateOf()).toBe(first);
    await store.write('state/a', Buffer.from('two'));
    expect(await stateOf()).not.toBe(first);
  });

  test('lists by prefix, sorted, with sizes, whatever the order of writing', async () => {
    for (const key of ['list/b', 'list/a/2', 'list/a/10', 'list/a-b', 'list/B', 'listed/x'])
      await store.write(key, Buffer.from(key));
    expect(await sizes('list/')).toEqual(
      ['list/B', 'list/a-b', 'list/a/10', 'list/a/2', 'list/b'].map((key) => ({ key, bytes: key.length })),
    );
    expect((await store.list('list/a')).map(({ key }) => key)).toEqual(['list/a-b', 'list/a/10', 'list/a/2']);
    expect(await store.list('list/none/')).toEqual([]);
  });

  test('lists more than a page', async () => {
    const keys = Array.from({ length: 1_100 }, (_, index) => `page/${String(index).padStart(5, '0')}`);
    for (let from = 0; from < keys.length; from += 20)
      await Promise.all(keys.slice(from, from + 20).map((key) => store.write(key, Buffer.from('x'))));
    expect((await store.list('page/')).map(({ key }) => key)).toEqual(keys);
  });

  test('refuses to read what is not there, with its key', async () => {
    const error = await store.read('not/there').catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(MusterError);
    expect((error as MusterError).message).toContain('not/there');
  });

  test('removes, and does not mind what is not there', async () => {
    await store.write('removed', Buffer.from('x'));
    await store.remove('removed');
    await store.remove('removed');
    await expect(store.read('removed')).rejects.toThrow(MusterError);
    expect(await store.list('removed')).toEqual([]);
  });

  test('shows nothing of a body until all of it has arrived', async () => {
    const taken = Promise.withResolvers<void>();
    const looked = Promise.withResolvers<void>();
    const body = Readable.from(
      (async function* () {
        yield* pieces(20);
        // Asked for more: the store has taken what came before.
        taken.resolve();
        await looked.promise;
        yield Buffer.from('end');
      })(),
    );
    const written = store.write('slow/body', body);
    await Promise.race([taken.promise, written]);
    expect(await store.list('slow/')).toEqual([]);
    await expect(store.read('slow/body')).rejects.toThrow(MusterError);
    looked.resolve();
    await written;
    expect((await store.list('slow/')).map(({ key }) => key)).toEqual(['slow/body']);
  });

  test.each([0, 1, 20])('leaves nothing of a body that fails after %i pieces', async (count) => {
    const body = Readable.from(
      (function* () {
        yield* pieces(count);
        throw new Error('the dump broke');
      })(),
    );
    expect(await reasonOf(store.write('failed/body', body))).toContain('the dump broke');
    expect(await store.list('failed/')).toEqual([]);
  });

  test('keeps what was there when a body that would replace it fails', async () => {
    await store.write('kept', Buffer.from('before'));
    const body = Readable.from(
      (function* () {
        yield Buffer.from('after');
        throw new Error('the dump broke');
      })(),
    );
    expect(await reasonOf(store.write('kept', body))).toContain('the dump broke');
    expect(String(await buffer(await store.read('kept')))).toBe('before');
  });

  test('leaves nothing when it is told to stop', async () => {
    const stop = new AbortController();
    const body = Readable.from(
      (async function* () {
        yield* pieces(10);
        await new Promise(setImmediate);
        stop.abort(new Error('told to stop'));
        yield* pieces(10);
      })(),
    );
    expect(await reasonOf(store.write('stopped/body', body, { signal: stop.signal }))).toContain(
      'told to stop',
    );
    expect(await reasonOf(store.write('stopped/bytes', Buffer.from('x'), { signal: stop.signal }))).toContain(
      'told to stop',
    );
    expect(await store.list('stopped/')).toEqual([]);
  });

  test.each([
    '',
    '/etc/passwd',
    '../outside',
    'a/../../outside',
    'a//b',
    './a',
    'a/.',
    'a\\..\\b',
    'a\u0000b',
    `${'x'.repeat(256)}`,
  ])('refuses the key %j', async (key) => {
    await expect(store.write(key, Buffer.from('x'))).rejects.toThrow(MusterError);
    await expect(store.read(key)).rejects.toThrow(MusterError);
    await expect(store.remove(key)).rejects.toThrow(MusterError);
  });

  test('can be opened again, with everything in it', async () => {
    await store.write('durable', Buffer.from('still here'));
    const other = await open();
    try {
      expect(String(await buffer(await other.read('durable')))).toBe('still here');
    } finally {
      await other.close();
    }
  });
}
