import type { ComposeConfig } from '../stack/compose.ts';
import type { Recognised, Service } from './init-recognise.ts';

/**
 * What a service that is no component may do to the rows of one: no drill can tell that from damage, unless
 * it is told of the tables.
 */
export function withWriters(
  config: ComposeConfig,
  found: readonly Recognised[],
  follows: ReadonlySet<string>,
): Recognised[] {
  const others = found.filter(
    ({ service, driver, leftOut, restarts }) =>
      driver === null && leftOut === null && restarts && !follows.has(service),
  );
  return found.map((one) => {
    if (one.driver === null || !(one.driver in byDriver)) return one;
    const writers = others.filter(({ service }) =>
      Object.values((config.services[service] as Service).environment ?? {}).some((value) =>
        String(value)
          .split(/[\s,:/@]+/)
          .includes(one.service),
      ),
    );
    if (writers.length === 0) return one;
    const guess = `nothing but a drill changes its rows. Where ${writers.map(({ service }) => service).join(' and ')} does so by itself, name the tables under config: { volatileTables: [schema.table] } (or drainedTables, where it removes their rows), or they count as damaged`;
    return { ...one, guesses: [...one.guesses, guess] };
  });
}
const byDriver = { mysql: true, mariadb: true, postgres: true };
