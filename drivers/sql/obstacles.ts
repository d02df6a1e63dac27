import { environmentError } from '../../core/errors.ts';

const namesShown = 5;

/**
 * What a dump of a server leaves out or a loading server cannot take: in words, with the names of what it is,
 * and what to do about it.
 */
export interface Obstacle {
  what: string;
  names: string[];
  hint: string;
  /** Default: none of these. */
  expected?: string;
}

/** Environment error for the first that names anything. */
export function refuseObstacles(service: string, obstacles: readonly Obstacle[]): void {
  for (const { what, names, hint, expected = 'none' } of obstacles) {
    if (names.length === 0) continue;
    const more = names.length > namesShown ? ` and ${names.length - namesShown} more` : '';
    throw environmentError(`a dump of ${service} could not be restored: ${what}`, {
      found: `${names.slice(0, namesShown).join(', ')}${more}`,
      expected,
      hint,
    });
  }
}
