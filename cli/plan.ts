import { planDrill, type Plan } from '../engine/plan.ts';
import type { PlannedBackup } from '../core/planned.ts';
import { commandTitle } from '../core/steps/command.ts';
import { kindOf, restoredComponents, titleOf } from '../core/steps/index.ts';
import { leastIntervalMs } from '../core/schedule-pace.ts';
import { createStackProvider } from '../stack/provider.ts';
import { chalkFor } from './output.ts';
import { registries } from './registries.ts';
import { resolveScenarios } from './scenarios.ts';

/** `muster plan`: what would happen, or why it cannot. */
export async function plan(
  names: string[],
  flags: { json?: boolean; allowHostCommands?: boolean },
): Promise<number> {
  const provider = createStackProvider({ progress: () => undefined });
  const plans = [];
  const { files, leftOut } = resolveScenarios(names);
  for (const text of leftOut) process.stderr.write(`${text}\n`);
  for (const file of files)
    plans.push(await planDrill(file, registries, provider, { hostCommands: flags.allowHostCommands }));
  if (flags.json)
    process.stdout.write(
      `${JSON.stringify({ schema: 'muster/plan/v1', plans: plans.map(toJson) }, null, 2)}\n`,
    );
  else for (const one of plans) process.stdout.write(toText(one));
  return 0;
}

const stepsOf = (plan: Plan): string[] =>
  plan.scenario.recover === 'automatic'
    ? ['automatic: nothing is done, the system recovers by itself']
    : plan.scenario.recover.map(titleOf);

/** A line for each command of the user's own that would be run, but for steps, which are named as such. */
const commandsOf = (plan: Plan): string[] => [
  ...ownBackups(plan).flatMap(({ id, plan: { options }, info }) =>
    (info.commands?.(options) ?? []).map(
      ({ does, command }) =>
        `${id} ${does} by ${commandTitle(command)}${command.oneOff ? ', in a container of its own' : ''}`,
    ),
  ),
  ...plan.invariants.map(({ named, command }) => `${named} is asked by ${commandTitle(command)}`),
];

/** Backups that are taken here, and those that a step restores. */
const ownBackups = ({ backups, declared, scenario }: Plan): Plan['backups'] => {
  const restored = restoredComponents(scenario);
  const others = declared.filter(
    ({ id, component }) => restored.includes(component) && !backups.some((one) => one.id === id),
  );
  return [...backups, ...others];
};

const toJson = (plan: Plan): object => ({
  scenario: plan.scenario.scenario,
  file: plan.scenarioFile,
  strategy: plan.strategyFile,
  stack: plan.stackFile,
  stackOverrides: plan.stackOverrides,
  components: [...plan.components.values()].map(({ name, service, declared }) => ({
    name,
    service,
    driver: declared.driver,
    objectives: { rtoMs: declared.objectives.rto?.ms ?? null, rpoMs: declared.objectives.rpo?.ms ?? null },
  })),
  load: Object.fromEntries(
    Object.entries(plan.scenario.load).map(([name, { target, rate, by }]) => [
      name,
      { target, perSecond: rate.perSecond, by: by ?? null },
    ]),
  ),
  protect: plan.backups.map(({ id, plan: declared, info }) => ({
    backup: id,
    method: declared.method,
    kind: info.kind,
    everyMs: declared.every?.ms ?? null,
    follows: info.follows?.(declared.options)?.service ?? null,
    copies: declared.copies,
  })),
  faults: plan.faults.map(({ plan: { name, target, at }, params }) => ({ fault: name, target, at, params })),
  sweep: plan.scenario.sweep ?? null,
  recover:
    plan.scenario.recover === 'automatic'
      ? 'automatic'
      : plan.scenario.recover.map((step) => ({
          kind: kindOf(step),
          title: titleOf(step),
        })),
  checks: [
    ...(plan.ledger ? ['ledger'] : []),
    ...plan.checks.map(({ id }) => id),
    ...plan.invariants.map(({ named }) => named),
  ],
  commands: commandsOf(plan),
  mounts: plan.mounts,
  moved: plan.moved,
  notes: plan.notes,
});

function paceText(everyMs: number, timeScale: number | undefined): string {
  if (timeScale === undefined)
    return ` (here every 2 × the time it takes, at least every ${Math.min(everyMs, leastIntervalMs) / 1000} s)`;
  return timeScale > 1 ? ` (here every ${everyMs / timeScale / 1000} s)` : '';
}

function oftenText({ plan: { every, options }, info }: PlannedBackup, timeScale: number | undefined): string {
  if (!every) return 'continuously';
  const follows = info.follows?.(options) ?? null;
  if (!follows) return `every ${every.text}${paceText(every.ms, timeScale)}`;
  const { schedule, service } = follows;
  const here = schedule
    ? ` (here every ${schedule.every.text}: ${schedule.env} is ${JSON.stringify(schedule.drill)} in the drill's copy)`
    : '';
  return `followed: ${service ?? 'somebody else'} makes it every ${every.text}${here}`;
}

function toText(plan: Plan): string {
  const paint = chalkFor(process.stdout);
  const row = (what: string, lines: string[]): string =>
    lines.map((line, i) => `  ${paint.dim((i === 0 ? what : '').padEnd(9))} ${line}\n`).join('');
  return [
    `${paint.bold(plan.scenario.scenario)}: ${plan.scenario.title}\n`,
    row(
      'load',
      Object.entries(plan.scenario.load).map(
        ([name, { target, rate, by }]) =>
          `${name}: ${rate.text} on ${target}${by === undefined ? '' : ` by ${by}`}`,
      ),
    ),
    row(
      'protect',
      plan.backups.map(
        (one) =>
          `${one.id} by ${one.plan.method}, ${oftenText(one, plan.scenario.timeScale)}, to ${one.plan.copies.join(' and ')}`,
      ),
    ),
    row(
      'break',
      plan.faults.map(
        ({ plan: { name, target, at } }, i) =>
          `${name} on ${target}, at ${plan.scenario.sweep && i === 0 ? 'each moment of the sweep' : at}`,
      ),
    ),
    row(
      'sweep',
      plan.scenario.sweep
        ? [
            `${plan.faults[0]!.plan.name} at each of ${plan.scenario.sweep.join(', ')}: ${plan.scenario.sweep.length} drills`,
          ]
        : [],
    ),
    row('recover', stepsOf(plan)),
    row('command', commandsOf(plan)),
    row('check', [
      [
        ...(plan.ledger ? ['ledger'] : []),
        ...plan.checks.map(({ id }) => id),
        ...plan.invariants.map(({ named }) => named),
      ].join(', '),
    ]),
    row('mounts', [...plan.mounts]),
    row('moved', [...plan.moved]),
    row('note', plan.notes),
  ].join('');
}
