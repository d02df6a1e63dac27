import { dirname, resolve } from 'node:path';
import { parseAs, parseSource, type Source } from '../core/document.ts';
import type {
  PlannedBackup,
  PlannedCheck,
  PlannedComponent,
  PlannedFault,
  PlannedStore,
} from '../core/planned.ts';
import type { Registries } from '../core/registries.ts';
import type { Scenario } from '../core/scenario.ts';
import type { StackDescription, StackProvider } from '../core/stack.ts';
import type { CommandLine, Strategy } from '../core/strategy.ts';
import { locate, owned, Problems, readInput, schemasOf, show } from './plan-input.ts';
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

/** Everything a drill needs, every name resolved and every pairing known to be possible. */
export interface Plan {
  scenarioFile: string;
  strategyFile: string;
  stackFile: string | null;
  scenario: Scenario;
  strategy: Strategy;
  components: Map<string, PlannedComponent>;
  /** Those that run in this drill. */
  backups: PlannedBackup[];
  /** All that the strategy declares. */
  declared: PlannedBackup[];
  faults: PlannedFault[];
  stores: PlannedStore[];
  checks: PlannedCheck[];
  /** Commands of the strategy that the scenario names as checks. */
  invariants: { named: string; command: CommandLine }[];
  /** Whether the scenario asks for the ledger to be judged. */
  ledger: boolean;
  /** What services get in the place of what they would have of the host, a line each. */
  mounts: readonly string[];
  /** Things that are allowed and that a reader should know. */
  notes: string[];
}

/**
 * Reads a scenario and its strategy and pairs what they ask for with what the drivers offer. Starts nothing.
 * `hostCommands`: whoever runs it allows commands on this machine.
 * Throws InputErrors: file, line, column, what was found, what was expected, and the nearest name.
 */
export async function planDrill(
  scenarioFile: string,
  registries: Registries,
  provider: StackProvider,
  { hostCommands = false }: { hostCommands?: boolean | undefined } = {},
): Promise<Plan> {
  const schemas = schemasOf(registries);
  const source = parseSource(show(scenarioFile), readInput(scenarioFile, 'scenario'));
  const scenario = parseAs(source, schemas.scenario);
  const strategyFile = resolve(dirname(scenarioFile), scenario.strategy);
  const strategySource = locate(source, ['strategy'], () =>
    parseSource(show(strategyFile), readInput(strategyFile, 'strategy')),
  );
  const strategy = parseAs(strategySource, schemas.strategy);
  const problems = new Problems();
  const stackFile = strategy.stack === 'none' ? null : resolve(dirname(strategyFile), strategy.stack);
  const stack = stackFile
    ? withProfiles(await describeStack(provider, stackFile, strategySource), strategy.profiles)
    : null;

  const components = planComponents(strategySource, strategy, registries, stack, problems);
  const stores = planStores(strategySource, strategy, registries, stack, problems);
  checkBackups(strategySource, strategy, components, problems);
  checkWatched(strategySource, strategy, problems);
  problems.raise();
  const mounts =
    stackFile && stack
      ? await planMounts(strategySource, { stackFile, stack, strategy, components }, provider, problems)
      : [];
  problems.raise();
  const planned = checkScenario(
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
    scenarioFile: show(scenarioFile),
    strategyFile: show(strategyFile),
    stackFile,
    scenario,
    strategy,
    components,
    stores,
    mounts,
    invariants: invariantsOf(scenario, strategy),
    ...planned,
  };
}

const invariantsOf = ({ check }: Scenario, { invariants }: Strategy): Plan['invariants'] =>
  [...new Set(check)].flatMap((named) => {
    const command = owned(invariants, named);
    return command ? [{ named, command }] : [];
  });

async function describeStack(
  provider: StackProvider,
  file: string,
  source: Source,
): Promise<StackDescription> {
  locate(source, ['stack'], () => readInput(file, 'compose file'));
  return provider.describe(file);
}

/** A service behind a profile that the strategy does not ask for does not exist. */
function withProfiles(stack: StackDescription, asked: readonly string[]): StackDescription {
  const there = [...stack.services].filter(
    ([, { profiles }]) => profiles.length === 0 || profiles.some((one) => asked.includes(one)),
  );
  return { ...stack, services: new Map(there) };
}
