import { Readable } from 'node:stream';
import { expect, test } from 'vitest';
import { systemClock } from '../../core/clock.ts';
import type { Store } from '../../core/store.ts';
import { pack } from '../../stores/pipe.ts';

/** A store that takes nothing, and tells after so long why. */
const deaf = (afterMs: number, reason: string): Store => ({
  write: async () => {
    await systemClock.sleep(afterMs);
    throw new Error(reason);
  },
  read: async () => Readable.from([]),
  list: async () => [],
  remove: async () => undefined,
  close: async () => undefined,
});
/** A store that takes nothing, and needs a while to let go when it is told to. */
const slowToLetGo: Store = {
  ...deaf(0, ''),
  write: (_key, _body, { signal } = {}) =>
    new Promise((_resolve, reject) => {
      signal!.addEventListener('abort', () => setTimeout(() => reject(new Error('let go')), 200));
    }),
};

/** A store that reads a little once the pipe is full, breaks off, and tells why when it has cleared up. */
const givesUp = (reason: string): Store => ({
  ...deaf(0, ''),
  write: async (_key, body) => {
    await systemClock.sleep(100);
    for await (const _ of body as Readable) break;
    await systemClock.sleep(100);
    throw new Error(reason);
  },
});

test.each([
  ['and takes nothing', deaf(100, 'the disk is full')],
  ['and breaks off before it says why', givesUp('the disk is full')],
])('a copy that fails while the pipe is full %s: its reason is told', async (_, offsite) => {
  const { randomBytes } = await import('node:crypto');
  const content = Readable.from(
    (function* () {
      for (let i = 0; i < 40; i += 1) yield randomBytes(1024 * 1024);
    })(),
  );
  const copies = new Map([
    ['offsite', offsite],
    ['volume', slowToLetGo],
  ]);
  const packed = pack(content, { copies, key: 'dump', sealing: null, signal: new AbortController().signal });
  await expect(packed).rejects.toMatchObject({
    message: 'store offsite failed at dump',
    found: 'the disk is full',
  });
});

test('who stops it is the reason', async () => {
  const stop = new AbortController();
  setTimeout(() => stop.abort(new Error('told to stop')), 50);
  const content = Readable.from(
    (async function* () {
      for (;;) {
        await systemClock.sleep(10);
        yield Buffer.alloc(1024);
      }
    })(),
  );
  await expect(
    pack(content, {
      copies: new Map([['volume', slowToLetGo]]),
      key: 'dump',
      sealing: null,
      signal: stop.signal,
    }),
  ).rejects.toThrow('told to stop');
});
