import { systemClock } from '../core/clock.ts';
import { planRestoreTest } from '../engine/plan.ts';
import { unlessAborted } from '../engine/undo.ts';
import { createLiveBoard } from '../reports/live.ts';
import { catchInterruption } from './interruption.ts';
import { drillHere, providerFor, type DrillFlags } from './one-drill.ts';
import { exitCodeOfError, gravestCode, hasColor } from './output.ts';
import { registries } from './registries.ts';
import { prepareHost, printJson, printResult, type Told } from './run.ts';

interface RestoreTestFlags extends DrillFlags {
  backup?: string;
  from?: string[];
  check?: string[];
  json?: boolean;
  prepare?: boolean;
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
  let say: (text: string) => void = () => undefined;
  const provider = providerFor(flags, (text) => say(text));
  const { from, backup, check = [] } = flags;
  const plan = await planRestoreTest(
    { strategyFile, restore: component, check, ...(from && { from }), ...(backup && { backup }) },
    registries,
    provider,
    { hostCommands: flags.allowHostCommands },
  );
  const board = createLiveBoard({
    stream: process.stderr,
    color: hasColor(process.stderr),
    width: process.stderr.columns || 80,
    isTTY: process.stderr.isTTY === true,
    jobs: 1,
    drills: 1,
  });
  say = board.line;
  const interruption = catchInterruption(say);
  let told: Told;
  try {
    if (plan.stackFile) await unlessAborted(interruption.signal, prepareHost(flags, say));
    const shown = board.begin(plan.scenario.title, 0);
    const ran = await drillHere(plan, flags, provider, shown.update, interruption.signal);
    shown.end();
    told = { ...ran, plan, tookMs: systemClock.nowMs() - begunMs };
  } finally {
    board.stop();
    interruption.release();
  }
  if (flags.json) printJson([told], [], told.tookMs);
  else printResult(told);
  return gravestCode([
    told.code,
    ...(interruption.signal.aborted ? [exitCodeOfError(interruption.signal.reason)] : []),
  ]);
}
