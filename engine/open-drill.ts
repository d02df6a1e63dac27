import { randomBytes } from 'node:crypto';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '../core/clock.ts';
import { environmentError, messageOf, type MusterError } from '../core/errors.ts';
import type { Drill, EngineDependencies, RunOptions } from './drill-context.ts';
import { markScratch } from './scratch.ts';
import { createLedgerWriter } from './ledger-file.ts';
import { createMoments } from './moments.ts';
import type { Plan } from '../core/planned.ts';
import { createClientWatch } from './client-watch.ts';
import { createTimelineWriter } from './timeline-writer.ts';
import { createUndoStack } from './undo.ts';

/** An id that sorts by time and is a legal Compose project name. */
export const newDrillId = (utc: string, scenario: string): string =>
  `${utc.slice(0, 19).replace(/[-:]/g, '').replace('T', '-')}-${scenario.slice(0, 40)}-${randomBytes(2).toString('hex')}`;

export function openDrill(plan: Plan, dependencies: EngineDependencies, options: RunOptions): Drill {
  const { clock } = dependencies;
  const id = newDrillId(clock.utc(), plan.scenario.scenario);
  const folder = join(dependencies.home, 'drills', id);
  const originMs = clock.nowMs();
  // A drill without evidence is worth nothing: it ends at once, and in order.
  const unwritable = new AbortController();
  const lost = (error: unknown): void => unwritable.abort(cannotWrite(folder, error));
  const { timeline, ledger } = openEvidence(folder, clock, originMs, lost);
  if (dependencies.owner) markScratch(folder, dependencies.owner.owner, options.keepStack);
  timeline.emit('drill.begun', {
    ...(plan.procedure === 'drill' ? {} : { procedure: plan.procedure }),
    drill: id,
    seed: options.seed,
    muster: dependencies.version,
    originMonotonicMs: originMs,
    scenarioFile: plan.scenarioFile,
    strategyFile: plan.strategyFile,
    scenario: plan.scenario,
    strategy: plan.strategy,
    host: dependencies.host,
  });
  if (unwritable.signal.aborted) {
    rmSync(folder, { recursive: true, force: true });
    throw unwritable.signal.reason;
  }
  const signal = AbortSignal.any([options.signal, unwritable.signal]);
  return {
    id,
    folder,
    plan,
    registries: dependencies.registries,
    provider: dependencies.provider,
    makeRepository: dependencies.makeRepository,
    existing: dependencies.existing,
    owner: dependencies.owner ?? null,
    environment: dependencies.environment,
    projectEnvironment: dependencies.projectEnvironment ?? {},
    ownSecrets: new Map(),
    clock,
    progress: (one) => dependencies.progress(one),
    signal,
    seed: options.seed,
    keepStack: options.keepStack,
    after: options.after,
    timeline,
    ledger,
    undo: createUndoStack(clock),
    clientWatch: createClientWatch(clock, dependencies.progress),
    moments: createMoments(),
    originMs,
    secrets: new Set(),
    stack: null,
    repository: null,
    stores: new Map(),
    regions: new Map(),
    attached: new Map(),
    acknowledged: new Map(),
    inflicted: [],
  };
}

const cannotWrite = (folder: string, error: unknown): MusterError =>
  environmentError('the evidence cannot be written', {
    found: messageOf(error),
    expected: `a folder that can be written, with room: ${folder}`,
    hint: '--out names another one',
    cause: error,
  });

function openEvidence(
  folder: string,
  clock: Clock,
  originMs: number,
  lost: (error: unknown) => void,
): Pick<Drill, 'timeline' | 'ledger'> {
  try {
    mkdirSync(folder, { recursive: true });
    const timeline = createTimelineWriter(join(folder, 'events.jsonl'), clock, originMs, lost);
    const ledger = createLedgerWriter(
      join(folder, 'ledger.bin'),
      originMs,
      (chunk) => void timeline.emit('ledger.chunk', chunk),
      lost,
    );
    return { timeline, ledger };
  } catch (error) {
    throw cannotWrite(folder, error);
  }
}
