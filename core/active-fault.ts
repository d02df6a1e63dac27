import type { Json } from './timeline.ts';

/**
 * The undo of something done. Run last-in-first-out, always, each with its deadline; `healed` is then asked,
 * not assumed.
 */
export interface Undo {
  name: string;
  deadlineMs: number;
  run(): Promise<void>;
  /**
   * True when an independent look says that nothing of the fault is left; null when that is the recovery's
   * business (lost data).
   */
  healed(): Promise<boolean | null>;
}

/** Independent evidence that a fault took effect, in words, with the facts it rests on. */
export interface Proof {
  what: string;
  facts: Json;
}

/**
 * A fault that was injected: how to see that it took effect (asked until it gives a proof or time is up) and
 * how to undo it.
 */
export interface ActiveFault {
  facts: Json;
  witness(): Promise<Proof | null>;
  /**
   * Asked once more when the recovery is over: a proof that the effect is still there, which nobody recovered
   * from; null when it is not. Rejects when that cannot be seen. Left out where nothing distinguishes the
   * effect from what a recovery leaves, such as a process that is another one.
   */
  stillThere?(): Promise<Proof | null>;
  /**
   * Port of the target's service where clients would meet it; left out for what strikes a whole component.
   */
  route?: number;
  undo: Undo;
}
