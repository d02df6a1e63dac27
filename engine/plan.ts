import { statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { parseAs, parseSource, unknownName, type Source } from '../core/document.ts';
import type { Plan } from '../core/planned.ts';
import { procedureKinds } from '../core/procedures.ts';
import type { Registries } from '../core/registries.ts';
import type { Scenario } from '../core/scenario.ts';
import type { StackDescription, StackProvider } from '../core/stack.ts';
import type { Strategy } from '../core/strategy.ts';
import type { ProcedureName } from '../core/timeline.ts';
import { completeConfigs } from './plan-completed.ts';
import { locate, owned, Problems, readInput, schemasOf, show } from './plan-input.ts';
import { checkExisting } from './plan-existing.ts';
import { notesOnSharers, notesOnUnprotected } from './plan-shared.ts';
import { planMounts } from './plan-mounts.ts';
import { checkScenario } from './plan-scenario.ts';
import { planStores } from './plan-stores.ts';
import { checkBackups, checkWatched, planComponents, regionsOf, declaredServices } from './plan-strategy.ts';

export type { Plan } from '../core/planned.ts';

/**
 * Whoever runs it allows commands on this machine. `narrow`: what a strategy says, to what is needed of it.
 */
export interface Allowed {
  hostCommands?: boolean | undefined;
  narrow?: (strategy: unknown) => unknown;
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

/** As `planDrill`, of what was read already. */
export async function planAs(
  procedure: ProcedureName,
  { source, scenario, scenarioFile }: { source: Source; scenario: Scenario; scenarioFile: string },
  registries: Registries,
  provider: StackProvider,
  { hostCommands = false, narrow }: Allowed,
): Promise<Plan> {
  const strategyFile = resolve(dirname(scenarioFile), scenario.strategy);
  const { strategySource, strategy } = strategyIn(strategyFile, source, registries, narrow);
  const problems = new Problems();
  const declared = { strategyFile, strategy, source: strategySource };
  const { stackFile, stackOverrides, stack } = await stackOf(declared, provider, problems);

  const components = planComponents(strategySource, strategy, registries, stack, problems);
  const stores = planStores({ ...declared, scenario }, registries, stack, problems);
  checkStrategy(strategySource, strategy, components, stack, problems);
  const completed = await completeConfigs(strategySource, dirname(strategyFile), components, problems);
  const given =
    stackFile && stack
      ? await planMounts(
          strategySource,
          { stackFile, stackOverrides, stack, strategy, components, stores, registries },
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
    notes: [
      ...completed,
      ...planned.notes,
      ...notesOnSharers(scenario, components, planned.faults, stack),
      // A restore test has the strategy of one component, and nothing is lost in it.
      ...(procedureKinds[procedure].breaks ? notesOnUnprotected(components, stores, stack) : []),
    ],
  };
}

function checkStrategy(
  ...[source, strategy, components, stack, problems]: Parameters<typeof checkBackups>
): void {
  checkBackups(source, strategy, components, stack, problems);
  checkExisting(source, components, problems);
  checkWatched(source, strategy, problems);
  problems.raise();
}

function strategyIn(
  file: string,
  source: Source,
  registries: Registries,
  narrow: Allowed['narrow'],
): { strategySource: Source; strategy: Strategy } {
  const whole = locate(source, ['strategy'], () => parseSource(show(file), readInput(file, 'strategy')));
  const { strategy: schema } = schemasOf(registries);
  // What is left out of it may be wrong as well, and is told of all the same.
  if (narrow) parseAs(whole, schema);
  const strategySource = narrow ? { ...whole, data: narrow(whole.data) } : whole;
  return { strategySource, strategy: parseAs(strategySource, schema) };
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
  const paths = named.map((file) => resolve(dirname(strategyFile), file));
  const [stackFile, ...stackOverrides] = await filesOf(paths, provider, source);
  if (stackFile === undefined) return { stackFile: null, stackOverrides: [], stack: null };
  const all = await describeStack(provider, [stackFile, ...stackOverrides], source);
  return { stackFile, stackOverrides, stack: started(all, strategy, source, problems) };
}

/** A folder stands for what Compose takes there. */
async function filesOf(paths: string[], provider: StackProvider, source: Source): Promise<string[]> {
  const [path] = paths;
  const isFolder = paths.length === 1 && statSync(path!, { throwIfNoEntry: false })?.isDirectory();
  if (!isFolder || !provider.filesOf) return paths;
  return provider.filesOf(path!).catch((error: unknown) =>
    locate(source, ['stack'], () => {
      throw error;
    }),
  );
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
