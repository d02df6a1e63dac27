import type { Counted } from './connection-attempts.ts';
import type { Container, Inspection } from './runtime.ts';

/** A container of the region, as it was when the region was lost. */
export interface Member {
  name: string;
  container: Container;
  found: Inspection;
}

/**
 * Made ready to be lost. What `strike` had done when it failed is undone; `release` lets go of one that was
 * not struck.
 */
export interface AimedMember {
  strike(): Promise<LostMember>;
  release(): Promise<void>;
}

/** What has become of one of them. */
export interface LostMember {
  name: string;
  inPlace(): Promise<boolean>;
  /** Rejects when it is not known what reached it. */
  counted(): Promise<Counted[]>;
  giveBack(): Promise<void>;
}
