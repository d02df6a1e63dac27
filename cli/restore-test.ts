import { systemClock } from '../core/clock.ts';
import { planRestoreTest } from '../engine/plan.ts';
import { createCarrier, type CarryFlags } from './on-board.ts';
import { drillHere } from './one-drill.ts';
import { registries } from './registries.ts';
import { printJson, printResult, type Told } from './told.ts';

interface RestoreTestFlags extends CarryFlags {
  backup?: string;
  from?: string[];
  check?: string[];
}

/**
 * `muster restore-test`: restores what is in the stores already into an empty stack of the strategy's, holds
 * it against the checks, and reports. Gives the exit code.
 */
export async function restoreTest(
  strategyFile: string,
  component: string,
  flags: RestoreTestFlags,
): Promise<number> {
  const begunMs = systemClock.nowMs();
  const { provider, onBoard } = createCarrier(flags);
  const { from, backup, check = [] } = flags;
  const plan = await planRestoreTest(
    { strategyFile, restore: component, check, ...(from && { from }), ...(backup && { backup }) },
    registries,
    provider,
    { hostCommands: flags.allowHostCommands },
  );
  const { done: ran, codeOf } = await onBoard(
    { jobs: 1, drills: 1 },
    async ({ board, signal, prepareHost }) => {
      if (plan.stackFile) await prepareHost();
      const shown = board.begin(plan.scenario.title, 0);
      const drilled = await drillHere(plan, flags, provider, shown.update, signal);
      shown.end();
      return drilled;
    },
  );
  const told: Told = { ...ran, plan, tookMs: systemClock.nowMs() - begunMs };
  if (flags.json) printJson([told], [], told.tookMs);
  else printResult(told);
  return codeOf([told.code]);
}
