import { createHook } from 'node:async_hooks';

/**
 * Knows when this process has nothing left to do but to wait for timers: nothing that it asked libuv or the
 * kernel for is under way, and a whole turn of the event loop has gone by in which nothing ran. Without that,
 * time could pass while a file is being written, and more of it on a busy machine.
 */
export interface Quiet {
  /** Something is to happen at the next quiet moment. */
  wake(): void;
  end(): void;
}

interface Waiting {
  act(): boolean;
  made(type: string): void;
  awake: boolean;
}

/** What is asked for once and ends by itself: files, names, writes into pipes and sockets. */
const request =
  /^(FSREQ|FILEHANDLECLOSE|GETADDRINFO|GETNAMEINFO|QUERYWRAP|TCPCONNECT|PIPECONNECT|WRITEWRAP|SHUTDOWNWRAP|UDPSEND)/;
/**
 * Handles that are given work by a method, and call back when it is done. A method that has done its work on
 * the spot gives something.
 */
const workOf = (type: string): string | null =>
  type === 'ZLIB' ? 'write' : /(?<!CLIENT)REQUEST$/.test(type) ? 'run' : null;

/** Async ids of what is under way. */
const underWay = new Set<number>();
const waiting = new Set<Waiting>();
/** Callbacks begun and resources made so far, in the whole process. */
let activity = 0;
/** A look of ours is made, and begins: that alone is no activity. */
const ofALook = 2;
let seen = 0;
let looking = false;
let heldUp = false;

const hook = createHook({
  // Promises are settled within the turn of whatever settled them.
  trackPromises: false,
  init: (id, type, _trigger, resource) => {
    activity += 1;
    for (const one of waiting) one.made(type);
    if (request.test(type)) underWay.add(id);
    const method = workOf(type);
    if (method !== null) watchWork(id, resource as Record<string, unknown>, method);
  },
  before: (id) => {
    activity += 1;
    if (underWay.delete(id) && heldUp && underWay.size === 0) look();
  },
  destroy: (id) => {
    if (underWay.delete(id) && heldUp && underWay.size === 0) look();
  },
});

function watchWork(id: number, handle: Record<string, unknown>, method: string): void {
  const own = handle[method] as (...args: unknown[]) => unknown;
  handle[method] = function work(this: unknown, ...args: unknown[]): unknown {
    underWay.add(id);
    const given = own.apply(this, args);
    if (given !== undefined) underWay.delete(id);
    return given;
  };
}

function look(): void {
  heldUp = false;
  looking = true;
  setImmediate(lookNow);
}

function lookNow(): void {
  if (underWay.size > 0) {
    heldUp = true;
    return;
  }
  const calm = activity - seen <= ofALook;
  seen = activity;
  if (calm) for (const one of waiting) if (one.awake) one.awake = one.act();
  looking = [...waiting].some(({ awake }) => awake);
  if (looking) look();
}

/**
 * Calls `act` at each quiet moment as long as it gives true, and begins anew when it is woken. `made` hears
 * of every resource that is made.
 */
export function whenQuiet(act: () => boolean, made: (type: string) => void): Quiet {
  const one: Waiting = { act, made, awake: false };
  // For good: what is under way while it is off would never be seen to end.
  hook.enable();
  waiting.add(one);
  return {
    wake: () => {
      one.awake = true;
      if (!looking) look();
    },
    end: () => void waiting.delete(one),
  };
}
