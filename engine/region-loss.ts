import type { Undo } from '../core/active-fault.ts';
import type { LostRegion, RegionAccess } from '../core/stack.ts';

/** A region that was lost: how to get it back, and what Muster itself did with what is in it meanwhile. */
export interface RegionLoss {
  how: 'dead' | 'blackhole';
  lost: LostRegion;
  undo: Undo | null;
  accesses: Map<string, RegionAccess>;
  over: boolean;
}
