import type { Readable } from 'node:stream';
import type { ZodType } from 'zod';
import type { Attached } from './driver.ts';
import type { AbilityName, Inflicted, Undo } from './abilities.ts';
import type { Service } from './service.ts';
import type { AimedLoss } from './stack.ts';
import type { Manifest, Store } from './store.ts';

/**
 * What the compose file says of a service: its named volumes, which of all are file systems of their own, and
 * its restart policy.
 */
export interface DeclaredService {
  volumes: readonly string[];
  ownFileSystems: ReadonlySet<string>;
  restart: string | null;
}

/**
 * One way to break a component. It damages through the target's abilities, so a new driver takes every fault
 * whose needs it meets.
 */
export interface Fault<Params = never> {
  about: string;
  on?: 'component';
  needs: readonly AbilityName[];
  params: ZodType<Params>;
  /** How long a witness may take to see the effect. Without a proof by then the drill is inconclusive. */
  witnessDeadlineMs: number;
  /**
   * Why a service declared like this cannot be broken that way, as far as the compose file tells: refused at
   * plan time.
   */
  refuses?(service: DeclaredService): string | null;
  /**
   * For damage that nobody sees: schedules go on, and so many further recovery points of the target become
   * durable, each holding the damage, before anyone acts.
   */
  unnoticedPoints?(params: Params): number;
  inject(target: Attached, params: Params, context: { seed: number }): Promise<Inflicted>;
}

/**
 * A store as a target: the opened store, the service that it lives in if it has one, and what can be asked of
 * its recovery points.
 */
export interface StoreTarget {
  name: string;
  store: Store;
  service: Service | null;
  /** The drill under way: what it wrote bears its name, and nothing else may be touched. */
  drill: string;
  /**
   * Opens the store anew, on connections of its own, for whoever must look without trusting the first. The
   * caller closes it.
   */
  reopen(): Promise<Store>;
  /** This drill's recovery points, of all backups that keep a copy here, newest first. */
  points(): Promise<Manifest[]>;
  /**
   * Whether this drill wrote what lies under that key: a folder or a bucket of the user's own may hold other
   * things.
   */
  wrote(key: string): boolean;
  /**
   * Why a recovery point, the newest by default, cannot be restored from here, fetched and opened as a
   * restore would; null when it can.
   */
  refusal(point?: string): Promise<string | null>;
  /**
   * Removes objects (`change` null) or rewrites them, in the order given. What they were is kept with the
   * drill, as stored, until `putBack` puts it back in the opposite order. Rejects where one is missing; what
   * was done by then is undone. Refuses, with nothing done, what this drill did not write.
   */
  damage(keys: readonly string[], change: ((content: Readable) => Readable) | null): Promise<DamagedObjects>;
  /**
   * SHA-256 of each object as it is stored now, read through a store opened anew; null where there is none.
   */
  look(keys: readonly string[]): Promise<(string | null)[]>;
  /**
   * The component that the store's service is, where its network can be broken: stores are then reached
   * through it. Null otherwise.
   */
  way(): Attached | null;
  /** Loses the key that everything was encrypted with; gives the undo. */
  loseKey(): Undo;
}

/** What `damage` did: what the objects were, by SHA-256, and the way back. */
export interface DamagedObjects {
  before: readonly string[];
  putBack(): Promise<void>;
}

/**
 * A way to break a store of recovery points instead of a component. Plan refuses one aimed at a component,
 * and the other way round.
 */
export interface StoreFault<Params = never> {
  about: string;
  on: 'store';
  /**
   * It takes something from every store at once, as a lost key does; the target is the one that is looked at.
   */
  everyStore?: true;
  /** The store must live in a service of the stack. */
  needsService: boolean;
  /** That service must be a component whose network can be broken. */
  needsWay?: boolean;
  params: ZodType<Params>;
  witnessDeadlineMs: number;
  inject(target: StoreTarget, params: Params, context: { seed: number }): Promise<Inflicted>;
}
export const defineStoreFault = <Params>(fault: StoreFault<Params>): StoreFault<Params> => fault;

/**
 * A region as a target: every service that is labelled with it, and every other one, which must not be
 * touched.
 */
export interface RegionTarget {
  name: string;
  services: readonly Service[];
  others: readonly Service[];
  /**
   * Stores that lie in the region: in one of its services, or by the strategy's own word, which no fault can
   * take away.
   */
  stores: readonly string[];
  aim(how: 'dead' | 'blackhole'): Promise<AimedLoss>;
}

/** A way to break a whole region. */
export interface RegionFault<Params = never> {
  about: string;
  on: 'region';
  params: ZodType<Params>;
  witnessDeadlineMs: number;
  /**
   * Looks and makes ready, with no effect yet: none of that time is the loss's own. What it gives injects it.
   */
  aim(target: RegionTarget, params: Params, context: { seed: number }): Promise<() => Promise<Inflicted>>;
}
export const defineRegionFault = <Params>(fault: RegionFault<Params>): RegionFault<Params> => fault;

// biome-ignore lint/suspicious/noExplicitAny: parameters differ; plan parses them before inject sees them
export type AnyFault = Fault<any> | StoreFault<any> | RegionFault<any>;
export type ComponentFault = Exclude<AnyFault, { on: 'store' | 'region' }>;
export const defineFault = <Params>(fault: Fault<Params>): Fault<Params> => fault;
