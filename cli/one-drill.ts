import { randomInt } from 'node:crypto';
import { arch, cpus, platform, release, totalmem } from 'node:os';
import { resolve } from 'node:path';
import { systemClock } from '../core/clock.ts';
import type { Progress } from '../core/progress.ts';
import type { DrillResult } from '../core/result.ts';
import type { StackProvider } from '../core/stack.ts';
import { formatBytes } from '../core/units.ts';
import { judgeRun, writeReports } from '../evidence/bundle.ts';
import type { EngineDependencies } from '../engine/drill-context.ts';
import { runDrill } from '../engine/drill.ts';
import { NoRecoveryPoint } from '../core/errors.ts';
import type { Plan } from '../engine/plan.ts';
import { currentOwner, keptStackOwner, ownerIsGone } from '../stack/owner.ts';
import { rememberHome } from '../stack/temporary.ts';
import { createStackProvider } from '../stack/provider.ts';
import { secretsFor } from '../stack/run-environment.ts';
import { existingReader } from '../stores/existing/reader.ts';
import { createRepository } from '../stores/repository.ts';
import { exitCodeOfError } from './output.ts';
import { registries } from './registries.ts';
import { musterVersion } from './version.ts';

/** What the command line says of each drill. */
export interface DrillFlags {
  out: string;
  seed?: number;
  keep?: boolean;
  verbose?: boolean;
  allowHostCommands?: boolean;
  /** False: --no-snapshots. */
  snapshots?: boolean;
}

/** A drill that was run and judged; its reports lie in its folder. */
export interface Ran {
  result: DrillResult;
  folder: string;
  code: number;
  error: unknown;
  /** What --keep left, in words. */
  kept: string | null;
}

/** Containers for drills that belong to this process; those of --keep belong to nobody. */
export const providerFor = (
  { keep, snapshots }: Pick<DrillFlags, 'keep' | 'snapshots'>,
  say: (text: string) => void,
): StackProvider =>
  createStackProvider({
    progress: say,
    soon: true,
    ...(keep ? { owner: keptStackOwner } : {}),
    ...(snapshots === undefined ? {} : { snapshots }),
  });

/**
 * One drill in this process: run, judged, reported. Rejects when there is nothing to judge, with what ended
 * it. Until `after` settles it makes its stack, and measures nothing.
 */
export async function drillHere(
  plan: Plan,
  flags: DrillFlags,
  provider: StackProvider,
  progress: (progress: Progress) => void,
  signal: AbortSignal,
  after?: Promise<unknown>,
): Promise<Ran> {
  const seed = flags.seed ?? randomInt(2 ** 31);
  const dependencies = await dependenciesFor(plan, flags, provider, (one) => {
    // Taking the stack down is waiting for the engine.
    if (one.kind === 'phase' && one.phase === 'down') loadFormats();
    progress(one);
  });
  const { folder, error, outcome } = await runDrill(plan, dependencies, {
    seed,
    keepStack: flags.keep === true,
    signal,
    after,
  });
  // That there is nothing to restore from is a finding: the result says it.
  const trouble = outcome === 'aborted' && !(error instanceof NoRecoveryPoint) ? error : null;
  try {
    const judged = judgeRun(folder, registries);
    await writeReports(folder, judged, registries);
    const { result } = judged;
    return {
      result,
      folder,
      code: trouble ? exitCodeOfError(trouble) : result.exitCode,
      error: trouble,
      kept: flags.keep ? leftText(plan, result.drill) : null,
    };
  } catch (unreported) {
    // What ended the drill explains why nothing can be said of it.
    throw trouble ?? unreported;
  }
}

/** What cannot be loaded is told of by whoever needs it. */
function loadFormats(): void {
  for (const format of Object.values(registries.formats)) format.load?.().catch(() => undefined);
}

const leftText = (plan: Plan, drill: string): string =>
  plan.stackFile
    ? `the stores, and the stack: docker compose --project-name muster-${drill} ps; muster gc ${drill} removes it`
    : 'the stores, in the bundle';

async function dependenciesFor(
  plan: Plan,
  flags: DrillFlags,
  provider: StackProvider,
  progress: (progress: Progress) => void,
): Promise<EngineDependencies> {
  rememberHome(resolve(flags.out));
  const { generated, project } = await secretsFor(plan.stackFile, plan.stackOverrides);
  return {
    registries,
    provider,
    makeRepository: createRepository,
    existing: existingReader,
    clock: systemClock,
    environment: generated,
    projectEnvironment: project,
    version: musterVersion(),
    host: hostFacts(),
    home: resolve(flags.out),
    owner: { owner: currentOwner(), isGone: ownerIsGone },
    progress: (one) => {
      if (flags.verbose || one.kind !== 'line' || !/^compose: /.test(one.text)) progress(one);
    },
  };
}

const hostFacts = (): Record<string, string> => ({
  system: `${platform()} ${release()} ${arch()}`,
  processors: `${cpus().length} x ${cpus()[0]?.model.trim() || 'unknown'}`,
  memory: formatBytes(totalmem()),
  node: process.version,
});
