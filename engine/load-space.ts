import { idsPerLoad } from '../core/ledger.ts';
import type { Scenario } from '../core/scenario.ts';

/**
 * The ids of one load, so that several loads of one component never meet: neither writing, nor when
 * everything is read back.
 */
export interface LoadSpace {
  firstId: number;
  holds(id: number): boolean;
}

/**
 * Loads of the component's own workload have spaces in the order of the scenario. What lies in none of them
 * is the first one's to answer for.
 */
export function loadSpaceOf(loads: Scenario['load'], name: string): LoadSpace {
  const { target } = loads[name]!;
  const siblings = Object.entries(loads)
    .filter(([, load]) => load.target === target && load.by === undefined)
    .map(([sibling]) => sibling);
  const ordinal = Math.max(0, siblings.indexOf(name));
  const ownerOf = (id: number): number => {
    const space = Math.floor(id / idsPerLoad);
    return space < siblings.length ? space : 0;
  };
  return { firstId: ordinal * idsPerLoad, holds: (id) => ownerOf(id) === ordinal };
}
