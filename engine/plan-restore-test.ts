import { basename, dirname, resolve } from 'node:path';
import { parseAs, parseSource, type Source } from '../core/document.ts';
import type { Registries } from '../core/registries.ts';
import type { StackProvider } from '../core/stack.ts';
import { planAs, type Allowed, type Plan } from './plan.ts';
import { owned, readInput, schemasOf, show } from './plan-input.ts';

/** What is asked of a restore test: which component, from where, and what it is held against. */
export interface RestoreTest {
  strategyFile: string;
  restore: string;
  /** Left out: every store that its snapshot backups keep a copy in, in their order. */
  from?: readonly string[];
  /** Which of its snapshot backups; needed only where there are several. */
  backup?: string;
  check: readonly string[];
  /**
   * In the place of a recovery point that a drill left: a backup that other tools made, as the strategy's
   * `existing` of the component with this laid over it.
   */
  existing?: Record<string, unknown>;
}

/** A restore test of what the strategy declares, planned as a drill is. */
export function planRestoreTest(
  asked: RestoreTest,
  registries: Registries,
  provider: StackProvider,
  allowed: Allowed = {},
): Promise<Plan> {
  const { strategyFile, restore, check } = asked;
  const scenario = {
    scenario: 'restore-test',
    strategy: basename(strategyFile),
    title: `Restore test of ${restore}`,
    ...(asked.existing
      ? // As large as it is, it is read and loaded to its end.
        { recover: [existingStep(asked, registries)], stepDeadline: '24h', settle: '100ms' }
      : { recover: [pointStep(asked, registries)] }),
    check,
  };
  const source = parseSource('the restore test', JSON.stringify(scenario, null, 1));
  const read = {
    source,
    scenario: parseAs(source, schemasOf(registries).restoreTest),
    scenarioFile: strategyFile,
  };
  const { existing } = asked;
  const narrow = existing && ((data: unknown) => narrowed(data, { restore, check, existing }));
  return planAs('restore-test', read, registries, provider, { ...allowed, ...(narrow && { narrow }) });
}

/** Where the strategy itself says `from`, another place proves nothing of what lies there. */
function existingStep({ strategyFile, restore, existing }: RestoreTest, registries: Registries): object {
  const { components } = parseAs(strategySource(strategyFile), schemasOf(registries).strategy);
  const own = owned(components, restore)?.existing?.from;
  const given = existing?.['from'];
  const isElsewhere = typeof given === 'string' && given !== (own && placeOf(own, strategyFile));
  return { restoreExisting: restore, ...(isElsewhere ? { elsewhere: true } : {}) };
}

const placeOf = (from: string, strategyFile: string): string =>
  from.startsWith('s3://') ? from : resolve(dirname(strategyFile), from);

const pointStep = ({ strategyFile, restore, from, backup }: RestoreTest, registries: Registries): object => ({
  restore,
  from: from ?? storesOf(strategyFile, restore, backup, registries),
  existing: true,
  point: 'newest',
  ...(backup === undefined ? {} : { backup }),
});

/** Where the copies of a component's snapshots are; no store where it has none, which the plan refuses. */
function storesOf(
  strategyFile: string,
  component: string,
  backup: string | undefined,
  registries: Registries,
): string[] {
  const source = strategySource(strategyFile);
  const { components, stores } = parseAs(source, schemasOf(registries).strategy);
  const declared = Object.entries(components[component]?.backups ?? {});
  const methods = registries.drivers[components[component]?.driver ?? '']?.backups ?? {};
  const copies = declared
    .filter(([name, { method }]) => (backup ?? name) === name && methods[method]?.kind === 'snapshot')
    .flatMap(([, { copies: kept }]) => kept);
  return copies.length > 0 ? [...new Set(copies)] : Object.keys(stores).slice(0, 1);
}

const strategySource = (file: string): Source => parseSource(show(file), readInput(file, 'strategy'));

/** What a strategy declares that decides what is restored: its stores, and whether there is `existing`. */
export function declaredIn(
  strategyFile: string,
  component: string,
  registries: Registries,
): { stores: string[]; existing: boolean; components: string[] } {
  const { components, stores } = parseAs(strategySource(strategyFile), schemasOf(registries).strategy);
  return {
    stores: Object.keys(stores),
    existing: owned(components, component)?.existing !== undefined,
    components: Object.keys(components),
  };
}

type Mapping = Record<string, unknown>;
const mapping = (value: unknown): Mapping =>
  typeof value === 'object' && value !== null ? (value as Mapping) : {};

/**
 * The strategy with that component alone, and what it needs: a restored copy must not go to work, and what
 * else the compose file has would. Said as the file would say it, so that errors have their place.
 */
function narrowed(
  data: unknown,
  { restore, check, existing }: { restore: string; check: readonly string[]; existing: Mapping },
): unknown {
  const strategy = mapping(data);
  const declared = owned(mapping(strategy['components']), restore);
  if (declared === undefined) return data;
  const { backups: _, clients: __, ...component } = mapping(declared);
  const own = mapping(component['existing']);
  const [ours, given] = [own['expect'], existing['expect']].map(mapping) as [Mapping, Mapping];
  // What the command line expects comes on top of what is declared; of one table or age it says which.
  const both = (kind: string): Mapping =>
    kind in given ? { [kind]: { ...mapping(ours[kind]), ...mapping(given[kind]) } } : {};
  const expect = { ...ours, ...given, ...both('rows'), ...both('sql') };
  const invariants = Object.entries(mapping(strategy['invariants'])).filter(([name]) => check.includes(name));
  const places = invariants.map(([, command]) => mapping(command)['in']).filter((one) => one !== 'host');
  const { stores: ___, alerts: ____, slo: _____, ...rest } = strategy;
  return {
    ...rest,
    components: { [restore]: { ...component, existing: { ...own, ...existing, expect } } },
    invariants: Object.fromEntries(invariants),
    ...(strategy['stack'] === 'none'
      ? {}
      : { services: [...new Set([component['service'] ?? restore, ...places])] }),
  };
}
