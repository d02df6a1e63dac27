import { eventsOf, lastOf, type EventType, type TimelineEvent } from '../core/timeline.ts';
import { formatCount } from '../core/units.ts';
import type { Finding } from '../core/verdict.ts';

/** Points that a finding is worth in the score's ledger. What has 0 gates, or informs. */
export const weights = {
  objective: 20,
  integrity: 4,
  schedule: 6,
  backup: 4,
  recovery: 6,
  check: 6,
  impact: 20,
  alerts: 6,
  slo: 6,
} as const;

/**
 * Fewer acknowledged writes before the fault say nothing of what became of them, unless the scenario asks for
 * less.
 */
export const writesLeast = 10;

type Given = Pick<Finding, 'id' | 'title' | 'verdict' | 'detail' | 'evidence'> & Partial<Finding>;

/**
 * A finding with nothing said that was not given: no claim, no figures, measured, neither gate nor points.
 */
export const finding = (given: Given): Finding => ({
  claim: null,
  actual: null,
  objective: null,
  unit: null,
  basis: 'measured',
  gate: false,
  weight: 0,
  ...given,
});

/**
 * Sequence numbers of the events of these types, in order. Of the ledger's chunks the last one: the chain
 * vouches for those before it.
 */
export function seqsOf(events: readonly TimelineEvent[], ...types: EventType[]): number[] {
  const lastChunk = lastOf(events, 'ledger.chunk')?.seq;
  return eventsOf(events, ...types)
    .filter((event) => event.type !== 'ledger.chunk' || event.seq === lastChunk)
    .map((event) => event.seq);
}

/** `no steps`, `1 step`, `3 steps`. */
export const plural = (count: number, noun: string): string =>
  `${count === 0 ? 'no' : formatCount(count)} ${noun}${count === 1 ? '' : 's'}`;
