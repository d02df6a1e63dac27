import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import { MusterError, environmentError, messageOf } from '../core/errors.ts';
import type { Store } from '../core/store.ts';

/** The stores that must all hold a thing, by name. */
export type Copies = ReadonlyMap<string, Store>;

/** How far the fastest copy may be ahead of the slowest. */
const aheadBytes = 4 * 1024 * 1024;

/**
 * Writes one body into every store at once, at the pace of the slowest. When the body or one copy fails, the
 * others are stopped, what had been completed is removed, and the first reason is raised with the name of its
 * store.
 */
export async function writeCopies(
  copies: Copies,
  key: string,
  body: AsyncIterable<Uint8Array> | Uint8Array,
  signal: AbortSignal,
): Promise<void> {
  const stop = new AbortController();
  const failed = AbortSignal.any([signal, stop.signal]);
  const branches = [...copies].map(([name, store]) => {
    const pipe = body instanceof Uint8Array ? null : new PassThrough({ highWaterMark: aheadBytes });
    // Its errors are those that we give it: they arrive through the store's own promise.
    pipe?.on('error', () => {});
    const written = store
      .write(key, pipe ?? (body as Uint8Array), { signal: failed })
      .catch((error: unknown) => {
        stop.abort(named(name, key, error));
        throw error;
      });
    written.catch(() => {});
    return { store, pipe, written };
  });
  try {
    if (!(body instanceof Uint8Array))
      await feed(
        body,
        branches.map((branch) => branch.pipe!),
        failed,
      );
    await Promise.all(branches.map((branch) => branch.written));
  } catch (error) {
    // A store that gives up on its body breaks the pipe first, with an AbortError, and says why when it has
    // cleared up.
    if (!failed.aborted) await branches.find(({ pipe }) => pipe?.errored === error)?.written.catch(() => {});
    stop.abort(error);
    const reason: unknown = failed.reason;
    for (const { pipe } of branches) pipe?.destroy(reason as Error);
    await Promise.allSettled(branches.map((branch) => branch.written));
    // A store that reported a failure may have completed the write all the same.
    await Promise.allSettled(branches.map((branch) => branch.store.remove(key)));
    throw reason;
  }
}

async function feed(
  body: AsyncIterable<Uint8Array>,
  pipes: PassThrough[],
  signal: AbortSignal,
): Promise<void> {
  for await (const chunk of body) {
    signal.throwIfAborted();
    const full = pipes.filter((pipe) => !pipe.write(chunk));
    if (full.length > 0) await Promise.all(full.map((pipe) => once(pipe, 'drain', { signal })));
  }
  for (const pipe of pipes) pipe.end();
}

/** Asks every store, and raises what the first failing one said when all have answered. */
export async function everyCopy(
  copies: Copies,
  what: string,
  ask: (store: Store, name: string) => Promise<void>,
): Promise<void> {
  const answers = await Promise.allSettled(
    [...copies].map(([name, store]) =>
      ask(store, name).catch((error: unknown) => Promise.reject(named(name, what, error))),
    ),
  );
  const failed = answers.find((answer) => answer.status === 'rejected');
  if (failed) throw failed.reason;
}

function named(store: string, what: string, error: unknown): MusterError {
  if (error instanceof MusterError) return error;
  return environmentError(`store ${store} failed at ${what}`, { found: messageOf(error), cause: error });
}
