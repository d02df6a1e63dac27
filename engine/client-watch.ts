import { every, type Clock } from '../core/clock.ts';
import type { Progress } from '../core/progress.ts';
import type { Seen } from './load.ts';

const tickMs = 500;

/** `atMs` on the clock's own scale. */
export interface Failure {
  load: string;
  what: Seen;
  atMs: number;
}

/**
 * The client's view while it happens: for detection, for knowing when to stop waiting, and for the screen.
 * Nothing is judged from it, but since when what nobody becomes ready of was over (`calmSince`).
 */
export interface ClientWatch {
  /**
   * `readBack`: what it wrote is read back in the end, and a read that seemed wrong may turn out to be an
   * allowed loss.
   */
  watch(load: string, readBack: boolean): (what: Seen) => void;
  /** Resolves at the next failed or wrong answer of any load. */
  nextFailure(): Promise<Failure>;
  /**
   * From now on a wrong read may be an allowed loss: only failures count as trouble, and wrong answers that
   * nothing read back can excuse.
   */
  forgiveWrong(): void;
  /**
   * Right answers of every load without trouble since: at least this long from the first to the last, and
   * this many. A service that has gone silent is not settled.
   */
  settled(forMs: number, operations: number): boolean;
  /** Since when every load has had right answers alone, on the clock's scale; null where one has not. */
  calmSince(): number | null;
  /** Whether every load had so many right answers since this was asked for; never where there is no load. */
  rightFromNow(): (operations: number) => boolean;
  stop(): void;
}

/** `calmSinceMs`: the first right answer since the last trouble; null while there was none. */
interface Beat {
  right: number;
  rightSinceTrouble: number;
  calmSinceMs: number | null;
  lastRightMs: number;
  trouble: number;
}

const isSettled = (
  { calmSinceMs, lastRightMs, rightSinceTrouble }: Beat,
  forMs: number,
  operations: number,
) => calmSinceMs !== null && lastRightMs - calmSinceMs >= forMs && rightSinceTrouble >= operations;

function calmSince(beats: readonly Beat[]): number | null {
  const since = beats.flatMap(({ calmSinceMs }) => calmSinceMs ?? []);
  return since.length > 0 && since.length === beats.length ? Math.max(...since) : null;
}

export function createClientWatch(clock: Clock, progress: (progress: Progress) => void): ClientWatch {
  const beats = new Map<string, Beat>();
  let waiting: ((failure: Failure) => void)[] = [];
  let forgiving = false;
  let last = { right: 0, trouble: 0 };
  const tell = (): void => {
    const sum = (pick: (beat: Beat) => number): number =>
      [...beats.values()].reduce((total, beat) => total + pick(beat), 0);
    const now = { right: sum((beat) => beat.right), trouble: sum((beat) => beat.trouble) };
    const perTick = 1000 / tickMs;
    progress({
      kind: 'client',
      perSecond: (now.right - last.right) * perTick,
      failedPerSecond: (now.trouble - last.trouble) * perTick,
      failing: now.trouble > last.trouble,
    });
    last = now;
  };
  // From the first load on: a first tick that is part of one would show less than there is.
  let stop: (() => void) | undefined;
  return {
    watch: (load, readBack) => {
      const beat: Beat = { right: 0, rightSinceTrouble: 0, calmSinceMs: null, lastRightMs: 0, trouble: 0 };
      beats.set(load, beat);
      stop ??= every(clock, tickMs, tell);
      return (what) => {
        if (what === 'right' || (what === 'wrong' && forgiving && readBack)) {
          beat.right += 1;
          beat.rightSinceTrouble += 1;
          beat.lastRightMs = clock.nowMs();
          beat.calmSinceMs ??= beat.lastRightMs;
          return;
        }
        beat.trouble += 1;
        beat.rightSinceTrouble = 0;
        beat.calmSinceMs = null;
        const told = waiting;
        waiting = [];
        for (const hear of told) hear({ load, what, atMs: clock.nowMs() });
      };
    },
    nextFailure: () => new Promise((resolve) => void waiting.push(resolve)),
    forgiveWrong: () => {
      forgiving = true;
      for (const beat of beats.values()) {
        beat.rightSinceTrouble = 0;
        beat.calmSinceMs = null;
      }
    },
    settled: (forMs, operations) =>
      beats.size > 0 && [...beats.values()].every((beat) => isSettled(beat, forMs, operations)),
    calmSince: () => calmSince([...beats.values()]),
    rightFromNow: () => {
      const before = new Map([...beats.values()].map((beat) => [beat, beat.right]));
      return (operations) =>
        before.size > 0 && [...before].every(([beat, right]) => beat.right - right >= operations);
    },
    stop: () => stop?.(),
  };
}
