import type { Layer, MovedService } from './moved-shape.ts';
import { removed } from './override-file.ts';

/** Variables by which images make a password of root up, and the one that says it instead. */
const madeUp = {
  MYSQL_RANDOM_ROOT_PASSWORD: 'MYSQL_ROOT_PASSWORD',
  MARIADB_RANDOM_ROOT_PASSWORD: 'MARIADB_ROOT_PASSWORD',
} as const;

/** A drill always has a value for it (`mustersNames`). */
export const knownPassword = 'MUSTER_ROOT_PASSWORD';

/**
 * The account of root in a drill's copy is the drill's own, made on an empty volume: where nobody could know
 * its password, it is one that Muster knows. One that is said beside it stays.
 */
export function withKnownPassword(
  of: string,
  { environment = {} }: MovedService,
  say: (line: string) => void,
): Layer {
  const layer: Layer = {};
  for (const [random, said] of Object.entries(madeUp)) {
    if (!environment[random]) continue;
    layer[random] = removed;
    if (!environment[said] && !environment[`${said}_FILE`]) layer[said] = `\${${knownPassword}}`;
    say(`${random} of ${of}: ${said} instead, which Muster knows`);
  }
  return layer;
}
