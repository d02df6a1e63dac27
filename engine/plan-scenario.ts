import { parseAs, unknownName, type Source } from '../core/document.ts';
import { inputError } from '../core/errors.ts';
import type { Registries } from '../core/registries.ts';
import type { ComponentFault, StoreFault } from '../core/fault.ts';
import type { FaultPlan, Scenario, Step } from '../core/scenario.ts';
import type { Strategy } from '../core/strategy.ts';
import {
  isCommand,
  isReplay,
  isRestore,
  isReturn,
  owned,
  type Plan,
  type PlannedBackup,
  type PlannedCheck,
  type PlannedComponent,
  type PlannedFault,
  type Problems,
} from './plan.ts';
import { checkCommand } from './plan-command.ts';
import { checkStaysAway, checksByDefault } from './plan-ending.ts';
import { notesOnLoads } from './plan-load.ts';
import { notesOnWays } from './plan-way.ts';
import { checkRegionTarget, checkReturn, componentsHit } from './plan-region.ts';

type Components = Map<string, PlannedComponent>;
export type Path = (string | number)[];

/**
 * `regions`: those that services of the stack are labelled with. `hostCommands`: whether the command line
 * allows commands on the host.
 */
interface Surroundings {
  strategy: Strategy;
  strategyFile: string;
  components: Components;
  regions: readonly string[];
  services: readonly string[];
  hostCommands: boolean;
}
export interface Context extends Surroundings {
  source: Source;
  scenario: Scenario;
  problems: Problems;
}

/**
 * Pairs what a scenario asks for with what the strategy's components can do. Problems are collected, not
 * thrown.
 */
export function checkScenario(
  source: Source,
  scenario: Scenario,
  surroundings: Surroundings,
  registries: Registries,
  problems: Problems,
): Pick<Plan, 'backups' | 'declared' | 'faults' | 'checks' | 'ledger' | 'notes'> {
  const context: Context = { source, scenario, ...surroundings, problems };
  checkLoads(context);
  const backups = checkProtect(context);
  const declared = backupNames(context).flatMap((id) => backupOf(context, id) ?? []);
  const faults = checkFaults(context, registries, backups);
  scenario.seed.forEach((step, i) => checkAction(context, step, ['seed', i]));
  if (scenario.recover !== 'automatic')
    scenario.recover.forEach((step, i) =>
      checkStep(context, step, ['recover', i], { backups, declared }, faults),
    );
  const named = checkChecks(context);
  const checks = [...named, ...checksByDefault(context, faults, named)];
  checkStaysAway(context);
  return {
    backups,
    declared,
    faults,
    checks,
    ledger: scenario.check.includes('ledger'),
    notes: notesOn(context, faults, backups),
  };
}

function component(
  { source, components, problems }: Context,
  name: string,
  path: Path,
  onKey = false,
): PlannedComponent | null {
  const found = components.get(name);
  if (!found) problems.add(unknownName(source, path, 'component', name, [...components.keys()], onKey));
  return found ?? null;
}

function checkLoads(context: Context): void {
  for (const [name, load] of Object.entries(context.scenario.load)) {
    const target = component(context, load.target, ['load', name, 'target']);
    const generators = Object.keys(target?.driver.generators ?? {});
    if (target && load.by !== undefined) {
      if (!generators.includes(load.by))
        context.problems.add(
          unknownName(
            context.source,
            ['load', name, 'by'],
            `load generator of driver ${target.declared.driver}`,
            load.by,
            generators,
          ),
        );
    } else if (target && !target.driver.workload) {
      context.problems.add(
        inputError(`driver ${target.declared.driver} has no workload`, {
          at: context.source.place(['load', name, 'target']),
          found: load.target,
          expected: `a component whose driver has one: ${able(context, (one) => one.driver.workload !== null)}`,
        }),
      );
    }
  }
  if (Object.keys(context.scenario.load).length === 0) {
    context.problems.add(
      inputError('there is no load', {
        at: context.source.place(['load'], true),
        expected: 'at least one load',
        hint: 'without client traffic nothing can be measured',
      }),
    );
  }
}

const able = ({ components }: Context, can: (component: PlannedComponent) => boolean): string =>
  [...components.values()]
    .filter(can)
    .map((one) => one.name)
    .join(', ') || 'none here';

const backupNames = ({ components }: Context): string[] =>
  [...components.values()].flatMap((one) =>
    Object.keys(one.declared.backups).map((name) => `${one.name}.${name}`),
  );

function backupOf(context: Context, id: string): PlannedBackup | null {
  const [componentName, name] = id.split('.', 2) as [string, string | undefined];
  const owner = context.components.get(componentName);
  const plan = name === undefined ? undefined : owned(owner?.declared.backups, name);
  if (!owner || !plan) return null;
  const info = owner.driver.backups[plan.method]!;
  const options = info.options.safeParse(plan.options);
  return {
    id,
    component: componentName,
    name: name!,
    plan,
    info,
    options: options.success ? options.data : {},
  };
}

function checkProtect(context: Context): PlannedBackup[] {
  return context.scenario.protect.flatMap((id, i) => {
    const backup = backupOf(context, id);
    if (!backup)
      context.problems.add(unknownName(context.source, ['protect', i], 'backup', id, backupNames(context)));
    return backup ? [backup] : [];
  });
}

function checkFaults(context: Context, registries: Registries, backups: PlannedBackup[]): PlannedFault[] {
  const { source, scenario, problems } = context;
  const listed = Array.isArray((source.data as { fault: unknown }).fault);
  if (!scenario.sweep && allInRestore(scenario.fault)) problems.add(nothingBefore(source, ['fault']));
  if (scenario.fault.every(({ beforehand }) => beforehand)) problems.add(nothingBroken(source));
  checkSweep(context, backups);
  return scenario.fault.flatMap((plan, i) => {
    const path: Path = listed ? ['fault', i] : ['fault'];
    const fault = registries.faults[plan.name]!;
    if (fault.on === 'store') checkStoreTarget(context, plan, fault, path);
    else if (fault.on === 'region') checkRegionTarget(context, plan, path);
    else checkTarget(context, plan, fault, path);
    if (plan.beforehand && !plan.at.startsWith('+'))
      problems.add(
        inputError('what is so beforehand has a time of its own', {
          at: source.place([...path, 'beforehand'], true),
          found: plan.at,
          expected: 'at: an offset such as +2s',
        }),
      );
    else if (!scenario.sweep || i > 0) checkOwnMoment(context, plan.at, backups, path);
    const params = problems.gather(() =>
      parseAs(
        {
          ...source,
          data: { at: plan.params },
          place: (where, onKey) => source.place([...path, ...where.slice(1)], onKey),
        },
        fault.params,
        ['at'],
      ),
    );
    return [{ plan, fault, params }];
  });
}

function checkTarget(
  context: Context,
  plan: FaultPlan,
  { needs, refuses }: ComponentFault,
  path: Path,
): void {
  const target = component(context, plan.target, [...path, plan.name]);
  const lacking = needs.filter((need) => target && !target.driver.abilities.includes(need));
  if (!target) return;
  const reason = target.compose && refuses?.(target.compose);
  if (reason)
    context.problems.add(
      inputError(`${plan.target} cannot suffer ${plan.name}: ${reason}`, {
        at: context.source.place([...path, plan.name]),
        found: plan.target,
      }),
    );
  if (lacking.length === 0) return;
  context.problems.add(
    inputError(
      `${plan.target} cannot suffer ${plan.name}: driver ${target.declared.driver} does not offer ${lacking.join(', ')}`,
      {
        at: context.source.place([...path, plan.name]),
        found: plan.target,
        expected: `one of ${able(context, (one) => needs.every((need) => one.driver.abilities.includes(need)))}`,
      },
    ),
  );
}

function checkStoreTarget(
  { source, strategy, components, problems }: Context,
  plan: FaultPlan,
  { needsService, needsWay }: Pick<StoreFault, 'needsService' | 'needsWay'>,
  path: Path,
): void {
  const store = owned(strategy.stores, plan.target);
  if (!store)
    problems.add(
      unknownName(source, [...path, plan.name], 'store', plan.target, Object.keys(strategy.stores)),
    );
  else if (needsService && typeof store['service'] !== 'string') {
    problems.add(
      inputError(`store ${plan.target} cannot suffer ${plan.name}: it lives in no service of the stack`, {
        at: source.place([...path, plan.name]),
        found: plan.target,
        expected: 'a store with a service',
      }),
    );
  } else if (
    needsWay &&
    ![...components.values()].some(
      (one) => one.service === store['service'] && one.driver.abilities.includes('toxic'),
    )
  ) {
    problems.add(
      inputError(
        `store ${plan.target} cannot suffer ${plan.name}: no network that can be broken lies before it`,
        {
          at: source.place([...path, plan.name]),
          found: `service: ${String(store['service'])}`,
          expected: 'a store that is reached through a component in which the network can be broken',
        },
      ),
    );
  }
}

const nothingBroken = (source: Source) =>
  inputError('nothing is broken: everything was so beforehand', {
    at: source.place(['fault']),
    expected: 'a fault without beforehand',
  });
const allInRestore = (faults: readonly { at: string }[]): boolean =>
  faults.every(({ at }) => at.startsWith('restore.'));
const nothingBefore = (source: Source, path: Path) =>
  inputError('nothing is broken before the recovery', {
    at: source.place(path),
    expected: 'a fault at another moment as well: one in the middle of a restore needs something to restore',
  });

/** Each moment of a sweep must be one that the first fault could have by itself. */
function checkSweep(context: Context, backups: PlannedBackup[]): void {
  const { source, scenario, problems } = context;
  scenario.sweep?.forEach((at, i) => {
    const path: Path = ['sweep', i];
    if (scenario.sweep!.indexOf(at) < i)
      problems.add(
        inputError(`${at} stands twice in the sweep`, {
          at: source.place(path),
          found: at,
          expected: 'each moment once',
        }),
      );
    if (allInRestore([{ at }, ...scenario.fault.slice(1)])) problems.add(nothingBefore(source, path));
    checkMoment(context, at, backups, path);
  });
}

/** Where nothing was said, `worst` is what it comes to, and where there is no backup that means at once. */
function checkOwnMoment(context: Context, at: string, backups: PlannedBackup[], path: Path): void {
  const said = path.reduce<unknown>(
    (node, step) => (node as Record<string, unknown>)?.[step as string],
    context.source.data,
  );
  if (at !== 'worst' || 'at' in (said as object)) checkMoment(context, at, backups, [...path, 'at']);
}

function checkMoment(
  { source, scenario, problems }: Context,
  at: string,
  backups: PlannedBackup[],
  path: Path,
): void {
  const place = source.place(path);
  if ((at === 'worst' || at.startsWith('backup.')) && !backups.some((one) => one.info.kind === 'snapshot')) {
    problems.add(
      inputError(
        `${at === 'worst' ? 'the worst moment is just before a recovery point becomes durable' : `${at} is a moment of a backup`}, and nothing here takes any`,
        {
          at: place,
          found: at,
          expected: 'an offset such as +5s',
          hint: 'or protect with a snapshot backup',
        },
      ),
    );
  }
  if (at === 'prune')
    checkPrune(backups, (found, expected) =>
      problems.add(inputError('nothing is pruned here within a drill', { at: place, found, expected })),
    );
  if (at.startsWith('restore.') && (scenario.recover === 'automatic' || !scenario.recover.some(isRestore))) {
    problems.add(
      inputError(`${at} is a moment of a restore, and nothing here is restored`, {
        at: place,
        found: at,
        expected: 'a restore step',
      }),
    );
  }
}

/** Longer than that no drill goes on, and `keep` is not scaled: its moment would never come. */
const keepLongestMs = 600_000;

function checkPrune(backups: PlannedBackup[], refuse: (found: string, expected: string) => void): void {
  const kept = backups
    .filter(({ info, plan }) => info.kind === 'snapshot' && plan.keep)
    .map(({ id, plan }) => ({ id, keep: plan.keep! }));
  if (kept.some(({ keep }) => 'points' in keep || keep.ms <= keepLongestMs)) return;
  refuse(
    kept.map(({ id, keep }) => `${id} keeps ${'points' in keep ? keep.points : keep.text}`).join(', ') ||
      'no snapshot backup with `keep`',
    'a protected snapshot backup with keep: { points: N }, or a short duration',
  );
}

function checkStep(
  context: Context,
  step: Step,
  path: Path,
  planned: Pick<Plan, 'backups' | 'declared'>,
  faults: PlannedFault[],
): void {
  if (isRestore(step)) checkRestore(context, step, path, planned);
  else if (isReplay(step)) checkReplay(context, step, path, planned.backups);
  else if (isCommand(step)) checkCommand(context, step, [...path, 'in'], [...path, 'command']);
  else if (isReturn(step)) checkReturn(context, step, path, faults);
  else checkAction(context, step, path);
}

function checkStore(
  context: Context,
  from: string,
  backup: PlannedBackup,
  path: Path,
  place: Path = [...path, 'from'],
): void {
  const { source, strategy, problems } = context;
  if (!owned(strategy.stores, from))
    problems.add(unknownName(source, place, 'store', from, Object.keys(strategy.stores)));
  else if (!backup.plan.copies.includes(from)) {
    problems.add(
      inputError(`backup ${backup.id} keeps no copy in ${from}`, {
        at: source.place(place),
        found: from,
        expected: `one of ${backup.plan.copies.join(', ')}`,
      }),
    );
  }
}

/**
 * The snapshot that a restore step means, of those taken in this scenario, or for one that exists already of
 * those declared; null when there is none or it is not plain which.
 */
export function backupToRestore(
  step: Extract<Step, { restore: string }>,
  { backups, declared }: Pick<Plan, 'backups' | 'declared'>,
): PlannedBackup | null {
  const fitting = (step.existing ? declared : backups).filter(
    (one) =>
      one.component === step.restore &&
      one.info.kind === 'snapshot' &&
      (!step.backup || step.backup === one.name),
  );
  return fitting.length === 1 ? fitting[0]! : null;
}

function checkRestore(
  context: Context,
  step: Extract<Step, { restore: string }>,
  path: Path,
  planned: Pick<Plan, 'backups' | 'declared'>,
): void {
  const target = component(context, step.restore, [...path, 'restore']);
  if (!target) return;
  const backup = backupToRestore(step, planned);
  if (backup)
    return step.from.forEach((from, i) =>
      checkStore(
        context,
        from,
        backup,
        path,
        listed(context, path) ? [...path, 'from', i] : [...path, 'from'],
      ),
    );
  const names = (step.existing ? planned.declared : planned.backups)
    .filter((one) => one.component === step.restore && one.info.kind === 'snapshot')
    .map((one) => one.name);
  if (step.backup && names.length > 0)
    context.problems.add(
      unknownName(
        context.source,
        [...path, 'backup'],
        step.existing ? 'snapshot backup' : 'backup taken in this scenario',
        step.backup,
        names,
      ),
    );
  else {
    context.problems.add(
      inputError(
        names.length > 1
          ? `several backups of ${step.restore} ${step.existing ? 'are declared' : 'are taken'}: say which one`
          : `nothing to restore ${step.restore} from: ${step.existing ? 'the strategy declares' : 'this scenario takes'} no snapshot of it`,
        {
          at: context.source.place([...path, 'restore']),
          found: step.restore,
          expected:
            names.length > 1
              ? `backup: one of ${names.join(', ')}`
              : `a snapshot backup of ${step.restore} ${step.existing ? 'in the strategy' : 'under protect'}`,
        },
      ),
    );
  }
}

/** Whether the file says `from: [a, b]` and not `from: a`: for the place of an error. */
const listed = ({ source }: Context, path: Path): boolean =>
  Array.isArray(
    ([...path, 'from'] as Path).reduce<unknown>(
      (node, step) => (node as Record<string, unknown>)?.[step as string],
      source.data,
    ),
  );

function checkReplay(
  context: Context,
  step: Extract<Step, { replay: string }>,
  path: Path,
  protects: PlannedBackup[],
): void {
  const continuous = protects.filter((one) => one.info.kind === 'continuous');
  const backup = continuous.find((one) => one.id === step.replay);
  if (!backup) {
    context.problems.add(
      unknownName(
        context.source,
        [...path, 'replay'],
        'continuous backup taken in this scenario',
        step.replay,
        continuous.map((one) => one.id),
      ),
    );
    return;
  }
  checkStore(context, step.from, backup, path);
  const before = context.scenario.recover as Step[];
  const restoredFirst = before
    .slice(0, path[1] as number)
    .some((one) => isRestore(one) && one.restore === backup.component);
  if (!restoredFirst) {
    context.problems.add(
      inputError(
        `a log is replayed on a restored base, and ${backup.component} is not restored before this step`,
        { at: context.source.place(path), expected: `a step restore: ${backup.component} before it` },
      ),
    );
  }
}

/**
 * The component whose action a `run` step means; null when none or several offer it and the step does not
 * say.
 */
export function actionOwner(
  components: Components,
  step: Extract<Step, { run: string }>,
): PlannedComponent | null {
  const owners = [...components.values()].filter(
    (one) => Object.hasOwn(one.driver.actions, step.run) && (!step.target || step.target === one.name),
  );
  return owners.length === 1 ? owners[0]! : null;
}

function checkAction(context: Context, step: Extract<Step, { run: string }>, path: Path): void {
  if (step.target && !component(context, step.target, [...path, 'target'])) return;
  if (actionOwner(context.components, step)) return;
  const names = [...context.components.values()]
    .filter((one) => !step.target || one.name === step.target)
    .flatMap((one) => Object.keys(one.driver.actions));
  if (names.includes(step.run)) {
    context.problems.add(
      inputError(`several components offer "${step.run}"`, {
        at: context.source.place([...path, 'run']),
        found: step.run,
        expected: 'target: the component that is meant',
      }),
    );
  } else
    context.problems.add(
      unknownName(context.source, [...path, 'run'], 'action', step.run, [...new Set(names)]),
    );
}

function checkChecks(context: Context): PlannedCheck[] {
  const offered = [...context.components.values()].flatMap((one) =>
    Object.keys(one.driver.checks).map(
      (check): PlannedCheck => ({ id: `${one.name}.${check}`, named: check, component: one.name, check }),
    ),
  );
  return context.scenario.check.flatMap((name, i) => {
    if (name === 'ledger') return [];
    const invariant = owned(context.strategy.invariants, name);
    if (invariant) checkCommand(context, invariant, ['check', i]);
    if (invariant) return [];
    const fitting = offered.filter((one) => one.id === name || one.check === name);
    if (fitting.length === 1) return [{ ...fitting[0]!, named: name }];
    if (fitting.length > 1) {
      context.problems.add(
        inputError(`several components offer the check "${name}"`, {
          at: context.source.place(['check', i]),
          found: name,
          expected: `one of ${fitting.map((one) => one.id).join(', ')}`,
        }),
      );
    } else
      context.problems.add(
        unknownName(context.source, ['check', i], 'check', name, [
          'ledger',
          ...Object.keys(context.strategy.invariants),
          ...offered.map((one) => one.check),
          ...offered.map((one) => one.id),
        ]),
      );
    return [];
  });
}

/** What is legal and still worth knowing before an hour is spent. */
function notesOn(context: Context, faults: PlannedFault[], backups: PlannedBackup[]): string[] {
  const { scenario, strategy, components } = context;
  const loaded = new Set(
    Object.values(scenario.load).flatMap(({ target, by }) => (by === undefined ? [target] : [])),
  );
  const notes: string[] = [];
  const hit = new Set(faults.flatMap((one) => componentsHit(one, components)));
  for (const target of hit) {
    const objectives = components.get(target)?.declared.objectives;
    if (objectives?.rpo && !loaded.has(target))
      notes.push(`${target} has an RPO and no load writes to it: its loss will not be measured`);
    if (!objectives?.rto && !objectives?.rpo) notes.push(`${target} is broken and has no objective`);
  }
  if (!strategy.detection.healthCheck && scenario.recover !== 'automatic')
    notes.push('the strategy does not say how failures are noticed: detection counts as it happened here');
  return [...notes, ...notesOnWays(context, faults), ...notesOnLoads(scenario, components, hit, backups)];
}
