/**
 * Time as a drill sees it. `nowMs` is monotonic, in milliseconds with fractions, and comparable between
 * processes of one machine since boot (CLOCK_MONOTONIC), which is what lets an outside prober check our figures.
 */
export interface Clock {
  nowMs(): number;
  utc(): string;
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

export const systemClock: Clock = {
  nowMs: () => Number(process.hrtime.bigint()) / 1e6,
  utc: () => new Date().toISOString(),
  sleep: (ms, signal) =>
    new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const onAbort = (): void => {
        clearTimeout(timer);
        reject(signal!.reason);
      };
      const timer = setTimeout(() => {
        signal?.removeEventListener('abort', onAbort);
        resolve();
      }, ms);
      signal?.addEventListener('abort', onAbort, { once: true });
    }),
};

/** Polls until `probe` gives something other than null/undefined/false, or the deadline passes (then null). */
export async function pollUntil<T>(
  clock: Clock,
  options: { everyMs: number; deadlineMs: number; signal?: AbortSignal | undefined },
  probe: () => Promise<T | null | undefined | false>,
): Promise<T | null> {
  const until = clock.nowMs() + options.deadlineMs;
  for (;;) {
    options.signal?.throwIfAborted();
    const seen = await probe();
    if (seen !== null && seen !== undefined && seen !== false) return seen;
    if (clock.nowMs() >= until) return null;
    await clock.sleep(options.everyMs, options.signal);
  }
}
