import { systemClock } from '../core/clock.ts';
import { planRestoreTest } from '../engine/plan-restore-test.ts';
import { createCarrier, type CarryFlags } from './on-board.ts';
import { drillHere } from './one-drill.ts';
import { registries } from './registries.ts';
import { askedBy, type AskedFlags } from './restore-test-flags.ts';
import { printJson, printResult, type Told } from './told.ts';

/**
 * `muster restore-test`: restores a backup that is there already, a recovery point in a store or what other
 * tools made, into an empty sandbox of the strategy's, holds it against what is expected, and reports. Gives
 * the exit code.
 */
export async function restoreTest(
  strategy: string | undefined,
  component: string | undefined,
  flags: CarryFlags & AskedFlags,
): Promise<number> {
  const begunMs = systemClock.nowMs();
  const { provider, onBoard } = createCarrier(flags);
  const asked = askedBy(strategy, component, flags);
  const plan = await planRestoreTest(asked, registries, provider, { hostCommands: flags.allowHostCommands });
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
