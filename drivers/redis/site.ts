import type { Clock } from '../../core/clock.ts';
import type { Service } from '../../core/service.ts';
import type { Address } from './connection.ts';
import type { EarlyKeys } from './early-keys.ts';
import type { Lent } from './lent.ts';
import type { Links } from './links.ts';
import type { Ownership } from './ownership.ts';
import type { Product } from './product.ts';
import type { Persistence, Server } from './server.ts';

/**
 * One Redis under a drill: its container, the driver's own connection to it, and what it said of itself when
 * it was attached.
 */
export interface RedisSite {
  product: Product;
  component: string;
  service: Service;
  server: Server;
  clock: Clock;
  /** `Redis 8.0.2` */
  version: string;
  persistence: Persistence;
  /** Null where it cannot be told. */
  ownership: Ownership | null;
  credentials: { username?: string | undefined; password?: string | undefined };
  /** Another service of the stack. */
  peer(name: string): Service;
  /** The service that others of the stack find by that name or address now; null where none is. */
  named(host: string): Promise<Service | null>;
  /** Other servers of this kind that the drill has attached by now. */
  others(): readonly OtherServer[];
  replicaState: ReplicaState;
  lent: Lent;
  links: Links;
  note(text: string): void;
  /** A folder of the drill's own, for plain files. */
  scratch(): string;
  kept: EarlyKeys;
  /** Counts up: for names that must not meet. */
  nextNumber(): number;
}

/** What one server of a drill knows of another one. */
export interface OtherServer {
  site: RedisSite;
  own: Address;
  /** Where its clients go in, and a connection there: for whoever judges what clients meet. */
  byClients: Address;
  asClients: Server;
  /** Whether clients are known to come by its way in: the drill's own, or by one that the strategy names. */
  clientsCome(): boolean;
}

/** What this server is there for, as far as the drill told it: what `ready` means depends on it. */
export interface ReplicaState {
  role: 'primary' | 'replica' | 'fenced';
  /** Service that it was last made a replica of. */
  source: string | null;
  /** A step of the drill had it take writes: that it receives instead is not what was meant. */
  servesByStep: boolean;
  /** How many replicas it asks for before it takes a write, by its own setting while nobody had closed it. */
  needsReplicas: string;
  /**
   * Whoever starts it finds it closed; or, where no file can be put into its container, it is started no
   * more. Null: open, as the compose file has it.
   */
  atStart: 'closed' | 'kept down' | null;
}
