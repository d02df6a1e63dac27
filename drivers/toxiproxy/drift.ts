import type { Clock } from '../../core/clock.ts';
import { seededWords } from '../../core/random.ts';

/** Ends the drift; what was set, in order. */
export interface Drift {
  stop(): Promise<void>;
  readonly set: readonly number[];
}

/**
 * Jitter from Muster's own seed. The server's is drawn from a source that nothing seeds (its flag `-seed` has
 * had no effect since 2.9), so it is sent none: the latency itself is changed, uniformly within ± jitter. A
 * change lets go of what is being held at that moment, hence the pauses longer than any latency. Ends by
 * itself when `set` rejects: the toxic is gone.
 */
export function startDrift(
  clock: Clock,
  { latency, jitter, seed }: { latency: number; jitter: number; seed: number },
  set: (latency: number) => Promise<void>,
): Drift {
  const words = seededWords(seed);
  const everyMs = Math.max(500, 2 * (latency + jitter));
  const over = new AbortController();
  const done: number[] = [];
  const run = async (): Promise<void> => {
    for (;;) {
      await clock.sleep(everyMs, over.signal);
      const next = drawn(words, latency, jitter);
      await set(next);
      done.push(next);
    }
  };
  const ended = run().catch(() => undefined);
  return {
    set: done,
    stop: async () => {
      over.abort(new Error('the drift is over'));
      await ended;
    },
  };
}

/** A whole number of milliseconds, uniform in [latency - jitter, latency + jitter]. */
export const drawn = (words: () => number, latency: number, jitter: number): number =>
  latency - jitter + (words() % (2 * jitter + 1));
