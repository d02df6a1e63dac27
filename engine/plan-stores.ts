import { dirname } from 'node:path';
import { parseAs, unknownName, type Source } from '../core/document.ts';
import { inputError } from '../core/errors.ts';
import type { PlannedStore } from '../core/planned.ts';
import type { Registries } from '../core/registries.ts';
import type { Scenario } from '../core/scenario.ts';
import type { StackDescription } from '../core/stack.ts';
import { pointTakenBy, stepsOf } from '../core/steps/index.ts';
import type { Strategy } from '../core/strategy.ts';
import { show, type Problems } from './plan-input.ts';
import { regionsOf } from './plan-strategy.ts';

/** The stores of a strategy, with paths as they are from its own folder. */
export function planStores(
  { source, strategyFile, scenario, strategy }: StoresAsked,
  registries: Registries,
  stack: StackDescription | null,
  problems: Problems,
): PlannedStore[] {
  const planned = Object.entries(strategy.stores).map(([name, { kind, region, ...rest }]): PlannedStore => {
    const known = registries.stores[kind]!;
    const result = known.config.safeParse(rest);
    if (!result.success) {
      const withoutKind: Source = {
        ...source,
        data: { ...(source.data as object), stores: { [name]: rest } },
      };
      problems.gather(() => parseAs(withoutKind, known.config, ['stores', name]));
    }
    const service = rest['service'];
    if (stack && typeof service === 'string' && !stack.services.has(service))
      problems.add(
        unknownName(source, ['stores', name, 'service'], 'service', service, [...stack.services.keys()]),
      );
    if (stack && region !== undefined && !regionsOf(stack).includes(region))
      problems.add(unknownName(source, ['stores', name, 'region'], 'region', region, regionsOf(stack)));
    return {
      name,
      kind: known,
      config: result.success
        ? (known.within?.(result.data, dirname(strategyFile)) ?? result.data)
        : undefined,
      region: region ?? null,
      service: typeof service === 'string' ? service : null,
    };
  });
  const asked = mustBeThere(scenario);
  const right = planned.filter(({ config }) => config !== undefined);
  checkPlaces(source, right, problems);
  checkThere(
    source,
    right.filter(({ name }) => asked.includes(name)),
    problems,
  );
  return planned;
}

interface StoresAsked {
  source: Source;
  strategyFile: string;
  scenario: Scenario;
  strategy: Strategy;
}

/** Stores that a step restores from what was there before the drill. */
const mustBeThere = (scenario: Scenario): string[] =>
  stepsOf(scenario).flatMap((step) => {
    const point = pointTakenBy(step);
    return point?.existing ? point.from : [];
  });

/** Where one store is lost, another in the same place is lost with it: a copy there is none. */
function checkPlaces(source: Source, stores: readonly PlannedStore[], problems: Problems): void {
  const placed = stores.flatMap(({ name, kind, config }) => {
    const place = kind.place?.(config) ?? null;
    return place === null ? [] : [{ name, place }];
  });
  for (const [i, one] of placed.entries())
    for (const other of placed.slice(0, i)) {
      const within = one.place.length > other.place.length;
      const [outer, inner] = within ? [other, one] : [one, other];
      if (!outer.place.every((part, at) => part === inner.place[at])) continue;
      const { file, line } = source.place(['stores', other.name], true);
      problems.add(
        inputError(
          one.place.length === other.place.length
            ? `stores "${other.name}" and "${one.name}" are one place: a copy in both is one copy`
            : `store "${inner.name}" lies inside store "${outer.name}": what is lost of that one is lost of both`,
          {
            at: source.place(['stores', one.name], true),
            found: `${inner.place.join('/')}, and store "${other.name}" at ${show(file)}:${line}`,
            expected: 'a place of its own for each store',
          },
        ),
      );
    }
}

function checkThere(source: Source, stores: readonly PlannedStore[], problems: Problems): void {
  for (const { name, kind, config } of stores) {
    const missing = kind.missing?.(config) ?? null;
    if (missing !== null)
      problems.add(
        inputError(`nothing can be restored from store "${name}": there is no such folder`, {
          at: source.place(['stores', name, 'path']),
          found: missing,
          expected: 'the folder in which an earlier drill left recovery points; a path is from the strategy',
        }),
      );
  }
}
