import { AsyncLocalStorage } from 'node:async_hooks';
import { sleepBy, type Clock } from '../../core/clock.ts';
import { whenQuiet } from './quiet.ts';

/**
 * Another clock begins later than whatever an earlier one of this process has told: recovery points of
 * several drills are in order.
 */
let latestUtcMs = Date.UTC(2026, 0, 1);

/** When the next clock of this process begins, by its own account. */
export const nextClockBeginsMs = (): number => latestUtcMs + 1_000;

interface Timer {
  dueUs: number;
  act(): void;
}

/**
 * Time that passes only when nothing else can happen: it goes to the next timer once the process has nothing
 * left to do (`quiet.ts`). Whatever real work takes, be it a write to a disk under load, takes no time.
 * Looking at the clock takes a microsecond, so that of two moments one is always the earlier.
 */
export interface VirtualClock extends Clock {
  /**
   * Runs `work`, and calls off whatever was to happen when it has ended. Rejects where `work` waited for what
   * has a time of its own.
   */
  during<T>(work: () => Promise<T>): Promise<T>;
}

/** What takes the system's time, whatever a clock says. */
const ownTime: Record<string, string> = {
  Timeout: 'a timer of Node itself',
  PROCESSWRAP: 'another process',
  TCPWRAP: 'a connection',
  TCPSERVERWRAP: 'a server',
  PIPEWRAP: 'a pipe',
  UDPWRAP: 'a socket',
  WORKER: 'a thread',
};
const running = new AsyncLocalStorage<Set<string>>();

export function createVirtualClock(): VirtualClock {
  let nowUs = 1_000_000;
  let ended = false;
  let timers: Timer[] = [];
  const strangers = new Set<string>();
  const originUtcMs = latestUtcMs + 1_000 - nowUs / 1000;

  const fireNext = (): boolean => {
    const next = timers.shift();
    if (!next) return false;
    nowUs = Math.max(nowUs, next.dueUs);
    running.run(strangers, next.act);
    return timers.length > 0;
  };
  const quiet = whenQuiet(fireNext, (type) => {
    const what = ownTime[type];
    if (what !== undefined) running.getStore()?.add(what);
  });
  const after: Clock['after'] = (ms, act) => {
    const timer = { dueUs: nowUs + Math.ceil(Math.max(1, ms) * 1000), act };
    const later = timers.findIndex(({ dueUs }) => dueUs > timer.dueUs);
    if (!ended) timers.splice(later === -1 ? timers.length : later, 0, timer);
    quiet.wake();
    return () => {
      timers = timers.filter((one) => one !== timer);
    };
  };
  /** Throws where something waited for another clock, whatever else came of it. */
  const end = (): void => {
    ended = true;
    timers = [];
    quiet.end();
    if (strangers.size > 0)
      throw new Error(`this needs the system's clock: it waited for ${[...strangers].join(', ')}`);
  };
  return {
    nowMs: () => (nowUs += 1) / 1000,
    utc: () => {
      const utcMs = Math.floor(originUtcMs + nowUs / 1000);
      latestUtcMs = Math.max(latestUtcMs, utcMs);
      return new Date(utcMs).toISOString();
    },
    after,
    sleep: sleepBy(after),
    during: async (work) => {
      try {
        return await running.run(strangers, work);
      } finally {
        end();
      }
    },
  };
}
