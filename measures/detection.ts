import type { Strategy } from '../core/strategy.ts';

/**
 * Time that a drill does not spend and real life does: until somebody notices, and until somebody has
 * decided.
 */
export interface Delay {
  /** Derived from the declared health check; null when recovery is automatic or no check is declared. */
  derivedMs: number | null;
  /** Declared time of people, paging and deciding; null when recovery is automatic or none is declared. */
  declaredMs: number | null;
  /** How the figures came to be, for a person. */
  how: string[];
}

/**
 * Worst case of a health check every E with M misses: E × M. The check may just have passed when the fault
 * came, so the first miss is up to one E away, and the M - 1 others follow at E each. How long one check
 * takes to time out is not declared.
 */
export function delayOf(strategy: Strategy, automatic: boolean): Delay {
  if (automatic) return { derivedMs: null, declaredMs: null, how: [] };
  const { healthCheck, people } = strategy.detection;
  const derivedMs = healthCheck ? healthCheck.every.ms * healthCheck.misses : null;
  const declaredMs =
    people?.page || people?.decide ? (people.page?.ms ?? 0) + (people.decide?.ms ?? 0) : null;
  const how: string[] = [];
  if (healthCheck) how.push(`detection ${healthCheck.every.text} × ${healthCheck.misses} misses (derived)`);
  if (people?.page) how.push(`paging ${people.page.text} (declared)`);
  if (people?.decide) how.push(`decision ${people.decide.text} (declared)`);
  return { derivedMs, declaredMs, how };
}

export const delayMs = (delay: Delay): number => (delay.derivedMs ?? 0) + (delay.declaredMs ?? 0);

/** `measured`, and what was added to it. */
export const basisWith = (basis: string, delay: Delay): string =>
  [
    basis,
    delay.derivedMs === null ? '' : 'detection derived',
    delay.declaredMs === null ? '' : 'people declared',
  ]
    .filter(Boolean)
    .join(', ');
