import { readFileSync } from 'node:fs';
import { dirname, relative, resolve } from 'node:path';
import { parseAs, parseSource, unknownName, type Source } from '../core/document.ts';
import type { AnyDriver, BackupInfo } from '../core/driver.ts';
import { inputError, InputErrors, MusterError } from '../core/errors.ts';
import type { AnyFault, DeclaredService } from '../core/fault.ts';
import type { Registries } from '../core/registries.ts';
import { scenarioSchema, type FaultPlan, type Scenario, type Step } from '../core/scenario.ts';
import type { StackDescription, StackProvider } from '../core/service.ts';
import type { AnyStoreKind } from '../core/store.ts';
import {
  strategySchema,
  type BackupPlan,
  type CommandLine,
  type Component,
  type Strategy,
} from '../core/strategy.ts';
import { planMounts } from './plan-mounts.ts';
import { checkScenario } from './plan-scenario.ts';

/** `compose`: what the compose file says of its service; null without a stack. */
export interface PlannedComponent {
  name: string;
  service: string;
  driver: AnyDriver;
  declared: Component;
  config: unknown /** That its service is labelled with. */;
  region: string | null;
  compose: DeclaredService | null;
}
export interface PlannedBackup {
  id: string;
  component: string;
  name: string;
  plan: BackupPlan;
  info: BackupInfo;
  options: Record<string, unknown>;
}
export interface PlannedFault {
  plan: FaultPlan;
  fault: AnyFault;
  params: unknown;
}
/** `region`: where the strategy says that it lies. */
export interface PlannedStore {
  name: string;
  kind: AnyStoreKind;
  config: unknown;
  region: string | null;
  service: string | null;
}
/**
 * `named` is what the scenario calls it: `ttl` or `redis.ttl`. `byDefault`: the scenario does not name it,
 * and it runs because the component's data is touched, because a command may reach it (`beside`: then only
 * what vanished as a whole fails), or on every drill.
 */
export interface PlannedCheck {
  id: string;
  named: string;
  component: string;
  check: string;
  byDefault?: 'touched' | 'always' | 'beside';
}

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

export function readInput(file: string, what: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    throw inputError(missing ? `there is no ${what} ${file}` : `cannot read ${what} ${file}`, {
      found: file,
      cause: error,
      hint: missing ? '`muster list scenarios` shows those at hand' : undefined,
    });
  }
}

/** Collects errors so that a user sees all of them at once. */
export class Problems {
  readonly all: MusterError[] = [];
  /** Runs `work`; an input error is collected and gives undefined, anything else passes through. */
  gather<T>(work: () => T): T | undefined {
    try {
      return work();
    } catch (error) {
      if (error instanceof InputErrors) this.all.push(...error.all);
      else if (error instanceof MusterError && error.trouble === 'input') this.all.push(error);
      else throw error;
      return undefined;
    }
  }
  add(error: MusterError): void {
    this.all.push(error);
  }
  raise(): void {
    if (this.all.length > 0) throw new InputErrors(this.all);
  }
}

/** What a file declares under a name; nothing under those that every object has, such as `constructor`. */
export const owned = <T>(declared: Record<string, T> | undefined, name: string): T | undefined =>
  declared && Object.hasOwn(declared, name) ? declared[name] : undefined;

const faultSchemas = (registries: Registries) =>
  Object.fromEntries(Object.entries(registries.faults).map(([name, fault]) => [name, fault.params]));

/** Every name that the files may use, for their schemas. */
export const catalogueOf = (registries: Registries) => ({
  drivers: Object.keys(registries.drivers),
  methods: [...new Set(Object.values(registries.drivers).flatMap((driver) => Object.keys(driver.backups)))],
  stores: Object.keys(registries.stores),
  faults: Object.keys(registries.faults),
});

const makeSchemas = (registries: Registries) => ({
  scenario: scenarioSchema(faultSchemas(registries)),
  strategy: strategySchema(catalogueOf(registries)),
});

const schemasMade = new WeakMap<Registries, ReturnType<typeof makeSchemas>>();

/** Made once for all files that are read with these registries. */
export function schemasOf(registries: Registries): ReturnType<typeof makeSchemas> {
  const schemas = schemasMade.get(registries) ?? makeSchemas(registries);
  schemasMade.set(registries, schemas);
  return schemas;
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
      services: [...(stack?.services.keys() ?? [])],
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
  check.flatMap((named) => {
    const command = owned(invariants, named);
    return command ? [{ named, command }] : [];
  });

const show = (file: string): string => {
  const short = relative(process.cwd(), file);
  return short.startsWith('..') ? file : short;
};

/** Gives an input error without a place the place of the reference that led to it. */
function locate<T>(source: Source, path: (string | number)[], work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof MusterError && !(error instanceof InputErrors) && !error.at)
      throw inputError(error.message, {
        at: source.place(path),
        found: error.found,
        hint: error.hint,
        cause: error.cause,
      });
    throw error;
  }
}

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

/** Regions that services of the stack are labelled with. */
const regionsOf = (stack: StackDescription | null): string[] => [
  ...new Set([...(stack?.services.values() ?? [])].flatMap(({ region }) => region ?? [])),
];

function planComponents(
  source: Source,
  strategy: Strategy,
  registries: Registries,
  stack: StackDescription | null,
  problems: Problems,
): Map<string, PlannedComponent> {
  const planned = new Map<string, PlannedComponent>();
  const services = stack ? [...stack.services.keys()] : [];
  for (const [name, declared] of Object.entries(strategy.components)) {
    const at = ['components', name];
    const service = declared.service ?? name;
    const driver = registries.drivers[declared.driver]!;
    if (stack && !stack.services.has(service))
      problems.add(
        unknownName(
          source,
          declared.service ? [...at, 'service'] : at,
          'service',
          service,
          services,
          !declared.service,
        ),
      );
    if (stack && declared.clients && !stack.services.has(declared.clients.service)) {
      problems.add(
        unknownName(source, [...at, 'clients', 'service'], 'service', declared.clients.service, services),
      );
    }
    const config = problems.gather(() => parseAs(source, driver.config, [...at, 'config'], {}));
    const described = stack?.services.get(service);
    const compose =
      stack && described
        ? { volumes: described.volumes, ownFileSystems: stack.ownFileSystems, restart: described.restart }
        : null;
    planned.set(name, {
      name,
      service,
      driver,
      declared,
      config,
      compose,
      region: described?.region ?? null,
    });
  }
  return planned;
}

function planStores(
  source: Source,
  strategy: Strategy,
  registries: Registries,
  stack: StackDescription | null,
  problems: Problems,
): PlannedStore[] {
  return Object.entries(strategy.stores).map(([name, { kind, region, ...rest }]) => {
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
      config: result.data,
      region: region ?? null,
      service: typeof service === 'string' ? service : null,
    };
  });
}

function checkBackups(
  source: Source,
  strategy: Strategy,
  components: Map<string, PlannedComponent>,
  problems: Problems,
): void {
  const stores = Object.keys(strategy.stores);
  for (const component of components.values()) {
    for (const [name, backup] of Object.entries(component.declared.backups)) {
      const at = ['components', component.name, 'backups', name];
      const info = component.driver.backups[backup.method];
      if (!info) {
        problems.add(
          unknownName(
            source,
            [...at, 'method'],
            `method of driver ${component.declared.driver}`,
            backup.method,
            Object.keys(component.driver.backups),
          ),
        );
        continue;
      }
      if (info.kind === 'snapshot' && !backup.every) {
        problems.add(
          inputError(`backup "${name}" takes snapshots and says no interval`, {
            at: source.place(at, true),
            expected: 'every: a duration',
            hint: `${backup.method} is not continuous: add e.g. every: 15m`,
          }),
        );
      }
      if (info.kind === 'continuous' && backup.every) {
        problems.add(
          inputError(`backup "${name}" follows a log and has no interval`, {
            at: source.place([...at, 'every'], true),
            found: backup.every.text,
            expected: 'no every',
            hint: 'remove it',
          }),
        );
      }
      backup.copies.forEach((copy, i) => {
        if (!stores.includes(copy))
          problems.add(unknownName(source, [...at, 'copies', i], 'store', copy, stores));
      });
      problems.gather(() => parseAs(source, info.options, [...at, 'options'], {}));
    }
  }
}

/** Alerts and the availability target may name the component whose clients they are about. */
function checkWatched(source: Source, strategy: Strategy, problems: Problems): void {
  const named: [(string | number)[], string | undefined][] = [
    ...Object.entries(strategy.alerts).map(([name, { of }]): [string[], string | undefined] => [
      ['alerts', name, 'of'],
      of,
    ]),
    [['slo', 'of'], strategy.slo?.of],
  ];
  for (const [path, of] of named)
    if (of !== undefined && !owned(strategy.components, of))
      problems.add(unknownName(source, path, 'component', of, Object.keys(strategy.components)));
}

export const isRestore = (step: Step): step is Extract<Step, { restore: string }> => 'restore' in step;
export const isReturn = (step: Step): step is Extract<Step, { return: string }> => 'return' in step;
export const isCommand = (step: Step): step is Extract<Step, { command: string[] }> => 'command' in step;
export const isReplay = (step: Step): step is Extract<Step, { replay: string }> => 'replay' in step;
