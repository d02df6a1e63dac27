import type { Readable } from 'node:stream';
import type { ZodType } from 'zod';
import type { ActiveFault, Undo } from './active-fault.ts';
import type { Clock } from './clock.ts';
import type { DeclaredService } from './declared-service.ts';
import type { Helper, Service } from './service.ts';
import type { AimedLoss } from './stack.ts';
import type { RecoveryPoint } from './recovery-point.ts';
import type { Store } from './store.ts';
import type { Json } from './timeline.ts';

/** What every way to break something has. */
interface FaultEntry<Params> {
  about: string;
  params: ZodType<Params>;
  /** How long a witness may take to see the effect. Without a proof by then the drill is inconclusive. */
  witnessDeadlineMs: number;
}

interface ComponentFaultEntry<Params> extends FaultEntry<Params> {
  /**
   * It takes or changes data: only a restore brings that back, and what the target holds is compared. `all`:
   * nothing of what the target held is left.
   */
  losesData?: true | 'all';
  /**
   * It may take data with it, as a container does whose data lies on no volume of its own: what the target
   * holds is compared.
   */
  mayLoseData?: true;
  /**
   * It waits until clients have changed records that were there. Once something is broken they leave them as
   * they are, so that nothing may be broken before it: refused at plan time.
   */
  needsChanges?: true;
  /**
   * Whether its effect is still there can be asked at the end of every drill (`ActiveFault.stillThere`): a
   * timeline that does not say so was altered. Left out where that depends on what there is.
   */
  askedAgain?: true;
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
}

/** `seed`: what a fault chooses, it chooses by this. */
export interface FaultContext {
  seed: number;
}

/** A container as a target, whatever runs in it. */
export interface ContainerTarget {
  service: Service;
  clock: Clock;
}

/** A way to break any container, or its network. */
export interface ContainerFault<Params = never> extends ComponentFaultEntry<Params> {
  on: 'container';
  inject(target: ContainerTarget, params: Params, context: FaultContext): Promise<ActiveFault>;
}

/** A folder in which a server keeps its data as a target, with what only its driver knows of it. */
export interface DataFolder {
  service: Service;
  /** Path in the container. */
  folder: string;
  /**
   * Path of the file of that kind, by the driver's own knowledge, as it is called now, with nothing of it
   * waiting in memory to be written over damage: `data` holds what clients wrote, `log` is the write-ahead or
   * append-only log. Rejects where there is none.
   */
  file(kind: 'data' | 'log'): Promise<string>;
  /**
   * How the process is taken away around damage to a file of that kind so that it cannot mend it: `kill`
   * freezes it first, `stop` has it write what it holds and end.
   */
  restartBy(kind: 'data' | 'log'): 'kill' | 'stop';
  /**
   * Called right before everything on it is lost: how to see at the end of a recovery that nothing is back,
   * where the driver can tell.
   */
  aboutToLose?(): Promise<Pick<ActiveFault, 'stillThere'>>;
  /**
   * Whether the server, as it is set up now, would look for a file of that path, seen from a helper. Left out
   * where the driver cannot tell: a file that is not there may then well be one that is called otherwise by
   * now.
   */
  awaits?(path: string, from: Helper): Promise<boolean>;
}

/** A way to break any folder of data. */
export interface StorageFault<Params = never> extends ComponentFaultEntry<Params> {
  on: 'storage';
  inject(target: DataFolder, params: Params, context: FaultContext): Promise<ActiveFault>;
}

/**
 * A way to break that only a driver knows, among the driver's own `faults`. It takes the place of one of the
 * same name that any container or data folder can suffer.
 */
export interface SystemFault<System, Params = never> extends ComponentFaultEntry<Params> {
  on: 'system';
  /** It breaks one way in: who goes another way meets nothing of it. */
  oneRoute?: true;
  inject(system: System, params: Params, context: FaultContext): Promise<ActiveFault>;
}

/** Why nothing can be restored, in words, and whether it is for want of the key. */
export interface Refusal {
  why: string;
  anotherKey: boolean;
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
  points(): Promise<RecoveryPoint[]>;
  /**
   * Whether this drill wrote what lies under that key: a folder or a bucket of the user's own may hold other
   * things.
   */
  wrote(key: string): boolean;
  /**
   * Why a recovery point, the newest by default, cannot be restored from here, fetched and opened as a
   * restore would; null when it can.
   */
  refusal(point?: string): Promise<Refusal | null>;
  /**
   * Removes objects (`change` null) or rewrites them, in the order given. What they were is kept with the
   * drill, as stored, until `putBack` puts it back in the opposite order, but for what was of a point that
   * retention removed meanwhile. Rejects where one is missing; what was done by then is undone. Refuses, with
   * nothing done, what this drill did not write.
   */
  damage(keys: readonly string[], change: ((content: Readable) => Readable) | null): Promise<DamagedObjects>;
  /**
   * SHA-256 of each object as it is stored now, read through a store opened anew; null where there is none.
   */
  look(keys: readonly string[]): Promise<(string | null)[]>;
  /**
   * The component that the store's service is, when that can suffer the fault `through`: stores are then
   * reached by way of it. Null otherwise.
   */
  route(through: string): RouteTo | null;
  /** Loses the key that everything was encrypted with; gives the undo. */
  loseKey(): Undo;
}

/** What the way to a store can suffer, in the terms of its driver. */
export interface RouteTo {
  /** Throws for parameters that the fault does not take. */
  suffer(params: Record<string, Json>, context: FaultContext): Promise<ActiveFault>;
}

/** What `damage` did: what the objects were, by SHA-256, and the way back. */
export interface DamagedObjects {
  before: readonly string[];
  putBack(): Promise<void>;
  /** Given what `look` gives of the same keys: each is what it was, or went with its point. */
  isBack(now: readonly (string | null)[]): boolean;
}

/**
 * A way to break a store of recovery points instead of a component. Plan refuses one aimed at a component,
 * and the other way round.
 */
export interface StoreFault<Params = never> extends FaultEntry<Params> {
  on: 'store';
  /**
   * It takes something from every store at once, as a lost key does; the target is the one that is looked at.
   */
  everyStore?: true;
  /** The store must live in a service of the stack. */
  needsService: boolean;
  /** That service must be a component which can suffer this fault of its driver's own: it is broken so. */
  through?: string;
  inject(target: StoreTarget, params: Params, context: FaultContext): Promise<ActiveFault>;
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
export interface RegionFault<Params = never> extends FaultEntry<Params> {
  on: 'region';
  /**
   * Looks and makes ready, with no effect yet: none of that time is the loss's own. What it gives injects it.
   */
  aim(target: RegionTarget, params: Params, context: FaultContext): Promise<() => Promise<ActiveFault>>;
}
export const defineRegionFault = <Params>(fault: RegionFault<Params>): RegionFault<Params> => fault;

// biome-ignore-start lint/suspicious/noExplicitAny: parameters differ, and plan parses them
/** Of a component: any container, any folder of data, or what its driver alone knows. */
export type ComponentFault = ContainerFault<any> | StorageFault<any> | SystemFault<any, any>;
/** What needs no driver: any container, folder of data, store or region can suffer it. */
export type GenericFault = ContainerFault<any> | StorageFault<any> | StoreFault<any> | RegionFault<any>;
export type AnyFault = GenericFault | SystemFault<any, any>;
// biome-ignore-end lint/suspicious/noExplicitAny: as above

export const isOfComponent = (fault: AnyFault): fault is ComponentFault =>
  fault.on !== 'store' && fault.on !== 'region';

export const defineContainerFault = <Params>(
  fault: Omit<ContainerFault<Params>, 'on'>,
): ContainerFault<Params> => ({
  on: 'container',
  ...fault,
});
export const defineStorageFault = <Params>(
  fault: Omit<StorageFault<Params>, 'on'>,
): StorageFault<Params> => ({
  on: 'storage',
  ...fault,
});
/** Called with the driver's system first, so that its parameters are still inferred. */
export const systemFaults =
  <System>() =>
  <Params>(fault: Omit<SystemFault<System, Params>, 'on'>): SystemFault<System, Params> => ({
    on: 'system',
    ...fault,
  });
