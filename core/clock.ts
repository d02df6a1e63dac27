/**
 * Time as a drill sees it. `nowMs` is monotonic, in milliseconds with fractions, and comparable between
 * processes of one machine since boot (CLOCK_MONOTONIC), which is what lets an outside prober check our
 * figures.
 */
export interface Clock {
  nowMs(): number;
  utc(): string;
  /** Rejects with the reason of the signal when that is aborted first. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /** Calls `act` once, so many milliseconds from now. What it gives calls that off. */
  after(ms: number, act: () => void): () => void;
}

export type After = Clock['after'];

export const systemClock: Clock = {
  nowMs: () => Number(process.hrtime.bigint()) / 1e6,
  utc: () => new Date().toISOString(),
  sleep: sleepBy(systemAfter),
  after: systemAfter,
};

function systemAfter(ms: number, act: () => void): () => void {
  const timer = setTimeout(act, ms);
  return () => clearTimeout(timer);
}

/** How a clock sleeps that knows how to call back. */
export function sleepBy(after: After): Clock['sleep'] {
  return (ms, signal) =>
    new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const onAbort = (): void => {
        callOff();
        reject(signal!.reason);
      };
      const callOff = after(ms, () => {
        signal?.removeEventListener('abort', onAbort);
        resolve();
      });
      signal?.addEventListener('abort', onAbort, { once: true });
    });
}

/** Calls `act` again and again, so many milliseconds after each time, until what it gives is called. */
export function every(clock: Clock, ms: number, act: () => void): () => void {
  const again = (): void => {
    callOff = clock.after(ms, again);
    act();
  };
  let callOff = clock.after(ms, again);
  return () => callOff();
}

/** A signal that is aborted after so many milliseconds, unless that was called off. */
export function timeLimit(clock: Clock, ms: number): { signal: AbortSignal; callOff(): void } {
  const limit = new AbortController();
  const pass = (): void => limit.abort(new DOMException(`it took longer than ${ms} ms`, 'TimeoutError'));
  return { signal: limit.signal, callOff: clock.after(ms, pass) };
}

/**
 * Polls until `probe` gives something other than null/undefined/false, or the deadline passes (then null).
 */
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
