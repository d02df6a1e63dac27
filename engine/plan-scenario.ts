import { unknownName, type Source } from '../core/document.ts';
import { inputError } from '../core/errors.ts';
import type { Registries } from '../core/registries.ts';
import { checksByDefault, checksByName, fittingChecks, namesOfChecks } from '../core/planned-checks.ts';
import type { Scenario } from '../core/scenario.ts';
import { procedureKinds } from '../core/procedures.ts';
import type { ProcedureName } from '../core/timeline.ts';
import type { PlannedBackup, PlannedCheck, PlannedFault } from '../core/planned.ts';
import { stepsOf } from '../core/steps/index.ts';
import { componentsHit } from '../core/targets.ts';
import type { Plan } from '../core/planned.ts';
import { checkCommand, checkOwnUses } from './plan-command.ts';
import { backupNames, backupOf, type Context, type Path, type StrategyContext } from './plan-context.ts';
import { checkDeclined, checkStaysAway } from './plan-ending.ts';
import { checkFaults } from './plan-fault.ts';
import { owned, type Problems } from './plan-input.ts';
import { notesOnLeftOut } from './plan-left-out.ts';
import { notesOnFollowed } from './plan-followed.ts';
import { notesOnCommands } from './plan-command-times.ts';
import { checkTakenOnce } from './plan-taken-once.ts';
import { checkLoads, notesOnLoads } from './plan-load.ts';
import { checkSustained } from './plan-sustained.ts';
import { workOf } from './steps/index.ts';
import { notesOnRoutes } from './plan-route.ts';

/**
 * Pairs what a scenario asks for with what the strategy's components can do. Problems are collected, not
 * thrown.
 */
export function checkScenario(
  procedure: ProcedureName,
  source: Source,
  scenario: Scenario,
  known: StrategyContext,
  registries: Registries,
  problems: Problems,
): Pick<Plan, 'backups' | 'declared' | 'faults' | 'checks' | 'ledger' | 'notes'> {
  const context: Context = { procedure, source, scenario, ...known, problems };
  const { breaks } = procedureKinds[procedure];
  if (breaks) checkLoads(context);
  checkSustained(context);
  const backups = checkProtect(context);
  checkTakenOnce(context, backups);
  const declared = backupNames(context).flatMap((id) => backupOf(context, id) ?? []);
  const faults = breaks ? checkFaults(context, registries, backups) : [];
  const settled = { backups, declared, faults };
  for (const [i, step] of scenario.seed.entries()) workOf(step).check(context, step, ['seed', i], settled);
  for (const [i, step] of stepsOf(scenario).entries())
    workOf(step).check(context, step, ['recover', i], settled);
  const named = checkChecks(context);
  checkDeclined(context, faults, named);
  const checks = [...named, ...checksByDefault(context, faults, named)];
  checkStaysAway(context);
  return {
    backups,
    declared,
    faults,
    checks,
    ledger: scenario.check.includes('ledger'),
    notes: [
      ...(breaks ? notesOn(context, faults, backups) : []),
      ...notesOnLeftOut(scenario, backups, declared),
      ...notesOnCommands(scenario, settled),
    ],
  };
}

function checkProtect(context: Context): PlannedBackup[] {
  return context.scenario.protect.flatMap((id, i, all) => {
    // Named twice, it runs once.
    if (all.indexOf(id) < i) return [];
    const backup = backupOf(context, id);
    if (!backup)
      context.problems.add(unknownName(context.source, ['protect', i], 'backup', id, backupNames(context)));
    else checkOwnUses(context, backup, ['backs up', 'shows'], ['protect', i]);
    return backup ? [backup] : [];
  });
}

function checkChecks(context: Context): PlannedCheck[] {
  const { scenario, strategy, source, problems, components } = context;
  for (const [i, name] of scenario.check.entries()) {
    const invariant = owned(strategy.invariants, name);
    if (invariant && scenario.check.indexOf(name) === i) checkCommand(context, invariant, ['check', i]);
  }
  for (const name of namesOfChecks(context)) {
    const at: Path = ['check', scenario.check.indexOf(name)];
    const fitting = fittingChecks(context, name);
    if (fitting.length > 1)
      problems.add(
        inputError(`several components offer the check "${name}"`, {
          at: source.place(at),
          found: name,
          expected: `one of ${fitting.map((one) => one.id).join(', ')}`,
        }),
      );
    if (fitting.length !== 0) continue;
    const offered = [...components.values()].flatMap((one) =>
      Object.keys(one.driver.checks).map((check) => [check, `${one.name}.${check}`] as const),
    );
    problems.add(
      unknownName(source, at, 'check', name, [
        'ledger',
        ...Object.keys(strategy.invariants),
        ...offered.map(([check]) => check),
        ...offered.map(([, id]) => id),
      ]),
    );
  }
  return checksByName(context);
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
  return [
    ...notes,
    ...notesOnRoutes(context, faults),
    ...notesOnFollowed(scenario, backups),
    ...notesOnLoads(scenario, components, hit, backups),
  ];
}
