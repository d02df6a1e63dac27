import { basename, dirname, resolve } from 'node:path';
import { parseAs, parseSource, unknownName, type Source } from '../core/document.ts';
import type { Plan } from '../core/planned.ts';
import type { Registries } from '../core/registries.ts';
import type { Scenario } from '../core/scenario.ts';
import type { StackDescription, StackProvider } from '../core/stack.ts';
import type { Strategy } from '../core/strategy.ts';
import type { ProcedureName } from '../core/timeline.ts';
import { locate, owned, Problems, readInput, schemasOf, show } from './plan-input.ts';
import { notesOnSharers } from './plan-shared.ts';
import { planMounts } from './plan-mounts.ts';
import { checkScenario } from './plan-scenario.ts';
import {
  checkBackups,
  checkWatched,
  planComponents,
  planStores,
  regionsOf,
  declaredServices,
} from './plan-strategy.ts';

export type { Plan } from '../core/planned.ts';

/** Whoever runs it allows commands on this machine. */
interface Allowed {
  hostCommands?: boolean | undefined;
}

/**
 * Reads a scenario and its strategy and pairs what they ask for with what the drivers offer. Starts nothing.
 * Throws InputErrors: file, line, column, what was found, what was expected, and the nearest name.
 */
export async function planDrill(
  scenarioFile: string,
  registries: Registries,
  provider: StackProvider,
  allowed: Allowed = {},
): Promise<Plan> {
  const source = parseSource(show(scenarioFile), readInput(scenarioFile, 'scenario'));
  const scenario = parseAs(source, schemasOf(registries).scenario);
  return planAs('drill', { source, scenario, scenarioFile }, registries, provider, allowed);
}

/** What is asked of a restore test: which component, from which stores, and what it is held against. */
export interface RestoreTest {
  strategyFile: string;
  restore: string;
  /** Left out: every store that its snapshot backups keep a copy in, in their order. */
  from?: readonly string[];
  /** Which of its snapshot backups; needed only where there are several. */
  backup?: string;
  check: readonly string[];
}

/** A restore test of what the strategy declares, planned as a drill is. */
export async function planRestoreTest(
  { strategyFile, restore, from, backup, check }: RestoreTest,
  registries: Registries,
  provider: StackProvider,
  allowed: Allowed = {},
): Promise<Plan> {
  const step = {
    restore,
    from: from ?? storesOf(strategyFile, restore, backup, registries),
    existing: true,
    point: 'newest',
    ...(backup === undefined ? {} : { backup }),
  };
  const asked = {
    strategy: basename(strategyFile),
    title: `Restore test of ${restore}`,
    recover: [step],
    check,
  };
  const text = JSON.stringify({ scenario: 'restore-test', ...asked }, null, 1);
  const source = parseSource('the restore test', text);
  const scenario = parseAs(source, schemasOf(registries).restoreTest);
  const read = { source, scenario, scenarioFile: strategyFile };
  return planAs('restore-test', read, registries, provider, allowed);
}

/** Where the copies of a component's snapshots are; no store where it has none, which the plan refuses. */
function storesOf(
  strategyFile: string,
  component: string,
  backup: string | undefined,
  registries: Registries,
): string[] {
  const source = parseSource(show(strategyFile), readInput(strategyFile, 'strategy'));
  const { components, stores } = parseAs(source, schemasOf(registries).strategy);
  const declared = Object.entries(components[component]?.backups ?? {});
  const methods = registries.drivers[components[component]?.driver ?? '']?.backups ?? {};
  const copies = declared
    .filter(([name, { method }]) => (backup ?? name) === name && methods[method]?.kind === 'snapshot')
    .flatMap(([, { copies: kept }]) => kept);
  return copies.length > 0 ? [...new Set(copies)] : Object.keys(stores).slice(0, 1);
}

async function planAs(
  procedure: ProcedureName,
  { source, scenario, scenarioFile }: { source: Source; scenario: Scenario; scenarioFile: string },
  registries: Registries,
  provider: StackProvider,
  { hostCommands = false }: Allowed,
): Promise<Plan> {
  const strategyFile = resolve(dirname(scenarioFile), scenario.strategy);
  const strategySource = locate(source, ['strategy'], () =>
    parseSource(show(strategyFile), readInput(strategyFile, 'strategy')),
  );
  const strategy = parseAs(strategySource, schemasOf(registries).strategy);
  const problems = new Problems();
  const { stackFile, stackOverrides, stack } = await stackOf(
    { strategyFile, strategy, source: strategySource },
    provider,
    problems,
  );

  const components = planComponents(strategySource, strategy, registries, stack, problems);
  const stores = planStores(strategySource, strategy, registries, stack, problems);
  checkBackups(strategySource, strategy, components, stack, problems);
  checkWatched(strategySource, strategy, problems);
  problems.raise();
  const given =
    stackFile && stack
      ? await planMounts(
          strategySource,
          { stackFile, stackOverrides, stack, strategy, components, stores },
          provider,
          problems,
        )
      : { mounts: [], moved: [] };
  problems.raise();
  const planned = checkScenario(
    procedure,
    source,
    scenario,
    {
      strategy,
      strategyFile: show(strategyFile),
      components,
      regions: regionsOf(stack),
      services: declaredServices(stack),
      hostCommands,
    },
    registries,
    problems,
  );
  problems.raise();
  return {
    procedure,
    scenarioFile: show(scenarioFile),
    strategyFile: show(strategyFile),
    stackFile,
    stackOverrides,
    scenario,
    strategy,
    components,
    stores,
    ...given,
    invariants: invariantsOf(scenario, strategy),
    ...planned,
    notes: [...planned.notes, ...notesOnSharers(scenario, components, planned.faults, stack)],
  };
}

const invariantsOf = ({ check }: Scenario, { invariants }: Strategy): Plan['invariants'] =>
  [...new Set(check)].flatMap((named) => {
    const command = owned(invariants, named);
    return command ? [{ named, command }] : [];
  });

/** The compose files that a strategy names, and what of them there will be. */
async function stackOf(
  { strategyFile, strategy, source }: { strategyFile: string; strategy: Strategy; source: Source },
  provider: StackProvider,
  problems: Problems,
): Promise<Pick<Plan, 'stackFile' | 'stackOverrides'> & { stack: StackDescription | null }> {
  const named = strategy.stack === 'none' ? [] : [strategy.stack].flat();
  const [stackFile, ...stackOverrides] = named.map((file) => resolve(dirname(strategyFile), file));
  if (stackFile === undefined) return { stackFile: null, stackOverrides: [], stack: null };
  const all = await describeStack(provider, [stackFile, ...stackOverrides], source);
  return { stackFile, stackOverrides, stack: started(all, strategy, source, problems) };
}

async function describeStack(
  provider: StackProvider,
  [file, ...overrides]: [string, ...string[]],
  source: Source,
): Promise<StackDescription> {
  const at = (i: number): (string | number)[] => (overrides.length > 0 ? ['stack', i] : ['stack']);
  for (const [i, one] of [file, ...overrides].entries())
    locate(source, at(i), () => readInput(one, 'compose file'));
  return provider.describe(file, overrides);
}

/**
 * A service behind a profile that the strategy does not ask for does not exist, nor one beside those that it
 * names and what they need.
 */
function started(
  stack: StackDescription,
  { profiles: asked, services }: Strategy,
  source: Source,
  problems: Problems,
): StackDescription {
  const there = new Map(
    [...stack.services].filter(
      ([, { profiles }]) => profiles.length === 0 || profiles.some((one) => asked.includes(one)),
    ),
  );
  if (services.length === 0) return { ...stack, services: there };
  const needed = new Set<string>();
  const add = (name: string): void => {
    if (needed.has(name) || !there.has(name)) return;
    needed.add(name);
    for (const one of there.get(name)!.needs) add(one);
  };
  for (const [i, name] of services.entries()) {
    if (!there.has(name))
      problems.add(unknownName(source, ['services', i], 'service', name, [...there.keys()]));
    add(name);
  }
  return { ...stack, services: new Map([...there].filter(([name]) => needed.has(name))) };
}
