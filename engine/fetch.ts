import { mkdirSync, rmSync } from 'node:fs';
import type { Artifact } from '../core/backup.ts';
import { environmentError, messageOf } from '../core/errors.ts';
import { encryptionOf, takenMs, type RecoveryPoint } from '../core/recovery-point.ts';
import type { ReplayStep } from '../core/steps/replay.ts';
import type { RestoreStep } from '../core/steps/restore.ts';
import type { FetchContext } from '../core/store.ts';
import { eventsOf, type EventData } from '../core/timeline.ts';
import type { Drill, Recorded, Sandbox } from './drill-context.ts';
import type { PlannedBackup } from '../core/planned.ts';
import { targets } from './targets/index.ts';
import type { RunningStep } from '../core/steps/running.ts';
import { backupToRestore } from './steps/snapshot-to-restore.ts';

/** What was fetched, and which drill had made it. */
export interface Base {
  artifact: Artifact;
  drill: string;
}

/**
 * Fetches the recovery point that a step restores. Copies are tried in the order that the step names them;
 * each refusal is on the timeline with its reason. Rejects with the last one.
 */
export async function fetchPoint(
  drill: Drill,
  step: RestoreStep,
  running: RunningStep,
  context: FetchContext,
): Promise<Base & { store: string }> {
  const backup = backupToRestore(step, drill.plan)!;
  const of = { of: running.id, step: running.step };
  for (const [at, store] of step.from.entries()) {
    let id: string | null = null;
    try {
      const point = await pointToRestore(drill, backup, store, step);
      id = point.id;
      const artifact = await fetchKnown(drill, backup, point, store, context);
      const { digest, provenance, drill: madeBy, takenAt, durableAt } = point;
      drill.timeline.emit('point.fetched', {
        ...of,
        backup: backup.id,
        point: id,
        takenAt,
        durableAt,
        store,
        drill: madeBy,
        digest,
        provenance,
      });
      return { artifact, store, drill: madeBy };
    } catch (error) {
      drill.signal.throwIfAborted();
      drill.timeline.emit('copy.refused', {
        ...of,
        backup: backup.id,
        store,
        point: id,
        error: messageOf(error),
      });
      if (at === step.from.length - 1) throw error;
      drill.timeline.emit('note', {
        text: `store ${store} cannot give the recovery point (${messageOf(error)}): trying ${step.from[at + 1]}`,
      });
      rmSync(context.folder, { recursive: true, force: true });
      mkdirSync(context.folder, { recursive: true, mode: 0o700 });
    }
  }
  throw new Error('no store was named');
}

/** Refuses what is not as this drill saw it become durable, and what is not encrypted though it should be. */
async function fetchKnown(
  drill: Recorded & Sandbox,
  backup: PlannedBackup,
  point: RecoveryPoint,
  store: string,
  context: FetchContext,
): Promise<Artifact> {
  // Whoever can write to a store, and has no key, could put an unencrypted point in the place of an encrypted
  // one.
  if (backup.plan.encrypt !== 'none' && encryptionOf(point) === null) {
    throw environmentError(`recovery point ${point.id} in ${store} is not encrypted`, {
      found: 'encryption: null',
      expected: `${backup.plan.encrypt}, as the strategy says`,
    });
  }
  if (point.method !== backup.plan.method) {
    throw environmentError(`recovery point ${point.id} in ${store} was not made by ${backup.plan.method}`, {
      found: `method ${point.method}`,
      expected: `method ${backup.plan.method}, which would restore it`,
    });
  }
  const seen = durableOf(drill, backup).get(point.id)?.digest;
  if (seen !== undefined && seen !== point.digest) {
    throw environmentError(`recovery point ${point.id} in ${store} is not the one that became durable`, {
      found: `SHA-256 ${point.digest}`,
      expected: `SHA-256 ${seen}`,
    });
  }
  return drill.repository!.fetch(point, store, context);
}

/** What of a backup the timeline saw become durable, by recovery point. */
const durableOf = (drill: Recorded, { id }: PlannedBackup): Map<string, EventData['backup.durable']> =>
  new Map(
    eventsOf(drill.timeline.events, 'backup.durable')
      .filter(({ data }) => data.backup === id)
      .map(({ data }) => [data.point, data]),
  );

/**
 * A point taken after the fault may hold the damage: recovery goes back to before it. The fault that counts
 * is the first one of the component itself, or else of any; one of a store damages no point that is taken
 * later. Only what this drill made and saw become durable is taken, unless the step asks for what was there
 * before it.
 */
async function pointToRestore(
  drill: Recorded & Sandbox,
  backup: PlannedBackup,
  store: string,
  { point: which, existing }: RestoreStep,
): Promise<RecoveryPoint> {
  const { component, name } = backup;
  const begun = eventsOf(drill.timeline.events, 'fault.begun');
  const broken = begun.filter(
    ({ data }) => !data.beforehand && !targets[data.on ?? 'component'].isUnderBackups,
  );
  const fault = broken.find(({ data }) => data.target === component) ?? broken[0] ?? begun[0];
  const there = await drill.repository!.points(component, name, store, existing ? 'external' : 'drill');
  const durable = durableOf(drill, backup);
  const points = existing ? there : there.filter(({ id }) => durable.has(id));
  const isBefore = (point: RecoveryPoint): boolean => {
    if (!fault) return true;
    return existing
      ? takenMs(point) <= Date.parse(fault.utc)
      : durable.get(point.id)!.consistentAtMs <= fault.atMs;
  };
  const usable = which === 'newest' ? points[0] : points.find(isBefore);
  if (usable) return usable;
  throw environmentError(
    `no recovery point of ${component}.${name} in ${store} from before the ${existing ? 'drill' : 'fault'}`,
    { found: `${points.length} points`, expected: 'at least one' },
  );
}

/**
 * Fetches a log: that of the drill whose point it is replayed on. Refuses one that lacks what this drill saw
 * become durable at its end.
 */
export async function fetchLog(
  drill: Pick<Drill, 'id' | 'signal' | 'timeline' | 'repository'>,
  step: ReplayStep,
  running: RunningStep,
  base: Base,
  context: FetchContext,
): Promise<Artifact> {
  const [component, name] = step.replay.split('.') as [string, string];
  const of = { of: running.id, step: running.step };
  const refused = { ...of, backup: step.replay, store: step.from, point: null };
  try {
    const log = await drill.repository!.fetchLog(component, name, step.from, context, base.drill);
    const last = Number(log.position['segment']);
    const durable =
      base.drill === drill.id
        ? eventsOf(drill.timeline.events, 'log.durable').filter(({ data }) => data.backup === step.replay)
        : [];
    const expected = Math.max(0, ...durable.map(({ data }) => data.segment));
    if (last < expected)
      throw environmentError(`the log of ${step.replay} in ${step.from} lacks its end`, {
        found: `segment ${last} is the last`,
        expected: `segment ${expected}, which became durable`,
      });
    drill.timeline.emit('log.fetched', {
      ...of,
      backup: step.replay,
      store: step.from,
      drill: base.drill,
      lastSegment: last,
    });
    return log;
  } catch (error) {
    drill.signal.throwIfAborted();
    drill.timeline.emit('copy.refused', { ...refused, error: messageOf(error) });
    throw error;
  }
}
