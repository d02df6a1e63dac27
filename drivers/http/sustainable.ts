import type { SustainedPlan } from '../../core/sustained.ts';
import { listed } from './request-shape.ts';
import type { HttpConfig } from './shape.ts';

/** Probes that are one request: what a program that knows no captures can send again and again. */
export const sustainable = ({ probes }: HttpConfig): string[] =>
  Object.entries(probes).flatMap(([name, request]) => (listed(request).length === 1 ? [name] : []));

/** Why a component so configured cannot have it; null where it can. */
export function lacksRequests(
  config: HttpConfig,
  { requests }: Pick<SustainedPlan, 'requests'>,
): string | null {
  const known = sustainable(config);
  if (known.length === 0) return 'it has no probe that is one request';
  const strange = requests?.find((name) => !known.includes(name));
  return strange === undefined
    ? null
    : `${strange} is no probe of it that is one request; there ${known.length === 1 ? 'is' : 'are'} ${known.join(', ')}`;
}
