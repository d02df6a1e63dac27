import { unknownName, type Source } from '../core/document.ts';
import { inputError } from '../core/errors.ts';
import type { Registries } from '../core/registries.ts';
import type { Scenario } from '../core/scenario.ts';
import type { Plan, PlannedBackup, PlannedCheck, PlannedFault } from './plan.ts';
import { checkCommand } from './plan-command.ts';
import { backupNames, backupOf, type Context, type Surroundings } from './plan-context.ts';
import { checkStaysAway, checksByDefault } from './plan-ending.ts';
import { checkFaults } from './plan-fault.ts';
import { owned, type Problems } from './plan-input.ts';
import { checkLoads, notesOnLoads } from './plan-load.ts';
import { componentsHit } from './plan-region.ts';
import { checkAction, checkStep } from './plan-step.ts';
import { notesOnWays } from './plan-way.ts';

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
  for (const [i, step] of scenario.seed.entries()) checkAction(context, step, ['seed', i]);
  if (scenario.recover !== 'automatic')
    for (const [i, step] of scenario.recover.entries())
      checkStep(context, step, ['recover', i], { backups, declared }, faults);
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

function checkProtect(context: Context): PlannedBackup[] {
  return context.scenario.protect.flatMap((id, i, all) => {
    // Named twice, it runs once.
    if (all.indexOf(id) < i) return [];
    const backup = backupOf(context, id);
    if (!backup)
      context.problems.add(unknownName(context.source, ['protect', i], 'backup', id, backupNames(context)));
    return backup ? [backup] : [];
  });
}

function checkChecks(context: Context): PlannedCheck[] {
  const offered = [...context.components.values()].flatMap((one) =>
    Object.keys(one.driver.checks).map(
      (check): PlannedCheck => ({ id: `${one.name}.${check}`, named: check, component: one.name, check }),
    ),
  );
  return context.scenario.check.flatMap((name, i, all) => {
    if (name === 'ledger' || all.indexOf(name) < i) return [];
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
