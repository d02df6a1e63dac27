import { expect } from 'vitest';
import type { AnyDriver, Attached } from '../../core/driver.ts';
import type { DataWorkload } from '../../core/workload.ts';
import type { Json } from '../../core/timeline.ts';

/** A server with a driver attached to it, for one suite. */
export interface Rig {
  attached: Attached;
  /** The same driver attached so that what it inflicts has no effect: its witnesses must see nothing. */
  inert: Attached;
  close(): Promise<void>;
}

/** `down`: what the rig stands on, where nothing else takes that down. */
export const rigOf = (attached: Attached, inert: Attached, down?: () => Promise<void>): Rig => ({
  attached,
  inert,
  close: async () => {
    await attached.close();
    await inert.close();
    await down?.();
  },
});

export interface Conformance {
  name: string;
  driver: AnyDriver;
  setup(): Promise<Rig>;
  /** The server promises that what it acknowledged survives the death of its process. */
  durable: boolean;
  /** Faults that are tried on what they have no effect on. Default: all. */
  inertFaults?: readonly string[];
  /**
   * The faults that any container can suffer are tried on one driver, this one; `npm run test:all` tries
   * those of any data folder on every one.
   */
  triesGeneric?: true;
  /**
   * Its own faults are those of another driver by the same code, which is tried with all of them: here, but
   * in `npm run test:all`, only what differs by the server.
   */
  sharesFaults?: true;
  /** Ways to try a fault, by its name. Default: once, with its default parameters. */
  faults?: Record<string, FaultCase[]>;
  /** The state of everything of the stack that is not the target: no fault may change it. */
  others?(): Promise<unknown>;
  /** Table that faults of a table are tried on. Needed where the driver has some. */
  table?: string;
  /**
   * Brings the server back to an empty, working state after damage that only a restore mends. Needed where a
   * fault loses data.
   */
  mend?(rig: Rig): Promise<void>;
  /** Each check, and what makes it red. Every declared check needs a case. */
  checks: Record<
    string,
    { prepare?(rig: Rig): Promise<void>; spoil(rig: Rig): Promise<void>; mend?(rig: Rig): Promise<void> }
  >;
  /** Each action, and what shows that it did what it says: null before, anything else after. */
  actions: Record<
    string,
    { prepare?(rig: Rig): Promise<void>; params: Record<string, Json>; seen(rig: Rig): Promise<unknown> }
  >;
  /** Checks and actions that one server alone cannot show: tried in that test file instead, by name. */
  elsewhere?: { names: readonly string[]; file: string };
  /**
   * Backup methods that the server, as this suite configures it, can be backed up with. Default: all that are
   * declared.
   */
  methods?: readonly string[];
  /**
   * Options with which a backup method is restored; every snapshot method is tried with each. Default: one,
   * without options.
   */
  restores?: Record<string, Record<string, unknown>[]>;
}

/** What a suite part is given: the rig exists only once `beforeAll` has run. */
export interface Suite extends Conformance {
  rig(): Rig;
  data(): DataWorkload;
  /** First id of a range that no other test uses. */
  freshIds(): number;
}

export const readyDeadlineMs = 60_000;

/** Resolves when the driver says that the service is ready; fails the test at the deadline. */
export const whenReady = (attached: Attached): Promise<void> =>
  expect
    .poll(() => attached.ready(), {
      timeout: readyDeadlineMs,
      interval: 20,
      message: 'the service never became ready',
    })
    .toBe(true)
    .then(() => undefined);

/** One way to try a fault on the suite's server. */
export interface FaultCase {
  /** Tells several cases of one fault apart. */
  name?: string;
  params?: Record<string, unknown>;
  /** What the refusal says, where this server cannot be broken that way. */
  refused?: RegExp;
  prepare?(rig: Rig): Promise<void>;
  /** Goes on while the fault is injected; gives the way to end it. */
  beside?(rig: Rig): Promise<() => Promise<void>>;
}
