import { messageOf, MusterError } from '../core/errors.ts';
import type { DrillResult } from '../core/result.ts';
import type { RunOptions } from '../engine/drill-context.ts';
import { planDrill, type Plan } from '../engine/plan.ts';
import type { Progress } from '../core/progress.ts';
import { sweptPlans } from '../engine/sweep-plans.ts';
import { unlessAborted } from '../engine/undo.ts';
import type { StackProvider } from '../core/stack.ts';
import { formatDuration } from '../core/units.ts';
import { systemClock } from '../core/clock.ts';
import { renderSweep, type Sweep } from '../reports/sweep.ts';
import { renderOverview } from '../reports/terminal.ts';
import { plannedText } from './drill-messages.ts';
import { provideImagesOf } from './host.ts';
import { createCarrier, type CarryFlags } from './on-board.ts';
import { drillHere } from './one-drill.ts';
import { registries } from './registries.ts';
import { allScenarios, passedOverText, resolveScenarios } from './scenarios.ts';
import { drillApart, jobsByMachine } from './parallel-drills.ts';
import { optionsFor } from './summary.ts';
import { nameOf, sweepsOf } from './sweep.ts';
import { printJson, printResult, type Told } from './told.ts';
import { drillQueue } from './drill-queue.ts';
import type { LiveBoard } from '../reports/live/view.ts';

export interface RunFlags extends CarryFlags {
  jobs?: number | 'auto';
}

/** A drill to run: what it is, which of its file's, and how it is called while it runs. */
interface Asked {
  plan: Plan;
  file: string;
  drill: number;
  name: string;
}
/**
 * `muster run`: plans all, then drills one after the other or side by side, and reports each. Gives the exit
 * code.
 */
export async function run(names: string[], flags: RunFlags): Promise<number> {
  const begunMs = systemClock.nowMs();
  const files = names.length > 0 ? namedScenarios(names) : everyScenario();
  const { provider, onBoard } = createCarrier(flags);
  const plans: Plan[] = [];
  // All of them before the first: a slip in the last file must not cost an hour of drills.
  for (const file of files)
    plans.push(await planDrill(file, registries, provider, { hostCommands: flags.allowHostCommands }));
  for (const text of sharedNames(plans)) process.stderr.write(`${text}\n`);
  const asked = plans.flatMap((plan, i) =>
    sweptPlans(plan).map(
      (one, drill): Asked => ({ plan: one, file: files[i]!, drill, name: nameOf(one, plans) }),
    ),
  );
  const jobs = Math.min(asked.length, flags.jobs === 'auto' ? jobsByMachine() : (flags.jobs ?? 1));
  const { done: told, codeOf } = await onBoard(
    { jobs, drills: asked.length },
    async ({ board, signal, say, prepareHost }) => {
      const stacks = [
        ...new Set(
          plans.flatMap(({ stackFile, stackOverrides }) => (stackFile ? [stackFile, ...stackOverrides] : [])),
        ),
      ];
      if (stacks.length > 0) await prepareHost();
      // Side by side, each drill would build what is missing.
      if (jobs > 1) await unlessAborted(signal, provideImagesOf(stacks, say));
      const drilled = await drillAll(asked, { flags, jobs, board, provider, signal });
      if (jobs > 1)
        say(
          `${drilled.length} drills took ${formatDuration(systemClock.nowMs() - begunMs)}, ${jobs} side by side`,
        );
      return drilled;
    },
  );
  const sweeps = sweepsOf(plans, told);
  if (flags.json) printJson(told, sweeps, systemClock.nowMs() - begunMs);
  else printTogether(told, sweeps);
  return codeOf(told.map((one) => one.code));
}

/** What a run without names runs. */
function everyScenario(): string[] {
  const found = allScenarios();
  for (const text of passedOverText(found)) process.stderr.write(`${text}\n`);
  return found.scenarios.map(({ file }) => file);
}

function namedScenarios(names: readonly string[]): string[] {
  const { files, leftOut } = resolveScenarios(names);
  for (const text of leftOut) process.stderr.write(`${text}\n`);
  return files;
}

/** Two files whose drills a report could not tell apart, in words. */
const sharedNames = (plans: readonly Plan[]): string[] =>
  [...Map.groupBy(plans, ({ scenario }) => scenario.scenario)].flatMap(([name, called]) => {
    const files = [...new Set(called.map(({ scenarioFile }) => scenarioFile))];
    return files.length > 1
      ? [`${files.join(' and ')} are both called ${name}: reports tell them apart by their folders only`]
      : [];
  });

interface Running {
  flags: RunFlags;
  jobs: number;
  board: LiveBoard;
  provider: StackProvider;
  signal: AbortSignal;
}

/**
 * In the order asked for, whichever ends first. What keeps one of them from being judged ends the others, in
 * order.
 */
async function drillAll(asked: readonly Asked[], running: Running): Promise<Told[]> {
  const { flags, jobs, board } = running;
  const broken = new AbortController();
  let reason: unknown = null;
  const signal = AbortSignal.any([running.signal, broken.signal]);
  const inTurn = drillQueue(jobs);
  let former: Promise<unknown> = Promise.resolve();
  const all = await Promise.allSettled(
    asked.map((one, index) => {
      const after = former;
      const drilling = inTurn(async (giveOn) => {
        if (signal.aborted) return null;
        try {
          const told = await drillOne(one, index, { ...running, signal, after, giveOn });
          board.pause();
          if (!flags.json) printResult(told);
          return told;
        } catch (error) {
          if (running.signal.aborted && error === running.signal.reason) return null;
          reason ??= error;
          broken.abort(new MusterError('interrupted', `${one.name} could not go on: ${messageOf(error)}`));
          throw error;
        }
      });
      former = drilling.catch(() => undefined);
      return drilling;
    }),
  );
  if (broken.signal.aborted) throw reason;
  return all.flatMap((one) => (one.status === 'fulfilled' && one.value ? [one.value] : []));
}

/** `after`: settles when the drill before it is over; `giveOn`: lets the next one make its stack. */
async function drillOne(
  { plan, file, drill, name }: Asked,
  index: number,
  {
    flags,
    jobs,
    board,
    provider,
    signal,
    after,
    giveOn,
  }: Running & Pick<RunOptions, 'after'> & { giveOn(): boolean },
): Promise<Told> {
  let begunMs = systemClock.nowMs();
  // What it does while the drill before is not over takes that one's time, and is none of its own.
  if (jobs === 1) void after?.then(() => (begunMs = systemClock.nowMs()));
  const shown = board.begin(name, index);
  let nextIsShown = false;
  const update = (progress: Progress): void => {
    // What is taken down or judged needs nothing of what the next stack needs. Without a stack there is
    // nothing to gain; side by side, as many are under way as the machine carries.
    if (progress.kind === 'phase' && progress.phase === 'down' && plan.stackFile !== null && !flags.keep)
      nextIsShown = giveOn();
    if (!nextIsShown) shown.update(progress);
  };
  try {
    const ran =
      jobs === 1
        ? await drillHere(plan, flags, provider, update, signal, after)
        : await drillApart({ file, drill, planned: plannedText(plan), flags }, shown.update, signal);
    return { ...ran, plan, tookMs: systemClock.nowMs() - begunMs };
  } finally {
    shown.end();
  }
}

/**
 * What several drills come to: a table for each sweep, and a line for each drill where there is more than one
 * sweep to tell of.
 */
function printTogether(results: readonly { result: DrillResult }[], sweeps: readonly Sweep[]): void {
  for (const sweep of sweeps) process.stdout.write(`${renderSweep(sweep, optionsFor(process.stdout))}\n\n`);
  const told = sweeps.length === 1 && sweeps[0]!.moments.length === results.length;
  if (results.length > 1 && !told)
    process.stdout.write(
      `${renderOverview(
        results.map((one) => one.result),
        optionsFor(process.stdout),
      )}\n`,
    );
}
