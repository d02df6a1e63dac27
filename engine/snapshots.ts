import { payloadOf, type Consistency, type Followed } from '../core/backup.ts';
import { environmentError, messageOf } from '../core/errors.ts';
import type { RecoveryPoint, StoredFile } from '../core/recovery-point.ts';
import type { PointWriter } from '../core/store.ts';
import { haveWritten } from './covered.ts';
import { clockTold, followSchedule, labelOf, toldOf, type Due } from './followed-schedule.ts';
import { attachedTo, type Drill, type Recorded, type Sandbox, type Control } from './drill-context.ts';
import { watchedSink } from './moments.ts';
import type { PlannedBackup } from '../core/planned.ts';
import { pruneAfter } from './retention.ts';
import { measuredIntervalMs, paceOf } from '../core/schedule-pace.ts';
import { pointSpecOf } from './point-spec.ts';

/** `scaledMs`: how often it runs; `measured`: as it stays, and no longer to be measured. */
export interface Snapshots {
  backup: PlannedBackup;
  scaledMs: number;
  measured: boolean;
  /** Who runs it, where that is not Muster; and why nothing came of it in time. */
  follows: Followed | null;
  overdue: unknown;
  stop: AbortController;
  /** When the run is due that has not begun yet; null while one runs. */
  dueMs: number | null;
  ended: Promise<void>;
  durable: number;
  failedInARow: number;
  lastError: unknown;
  /** `by`: the fault that cuts the next one off. */
  cut: { by: string; act(): Promise<void>; done(): void; failed(error: unknown): void } | null;
}

export function startSnapshots(drill: Drill, backup: PlannedBackup, halt: AbortSignal): Snapshots {
  const { timeline, plan } = drill;
  const intervalMs = backup.plan.every!.ms;
  const follows = backup.info.follows?.(backup.plan.options) ?? null;
  const { scaledMs, measured } = paceOf(intervalMs, plan.scenario.timeScale, follows);
  const leavesOut = backup.info.leavesOut?.(backup.plan.options) ?? [];
  const begin = (): unknown =>
    timeline.emit('schedule.begun', {
      backup: backup.id,
      method: backup.plan.method,
      intervalMs,
      scaledMs,
      ...(backup.info.holds ? { holds: backup.info.holds } : {}),
      ...(follows ? { follows: clockTold(follows) } : {}),
      ...(leavesOut.length > 0 ? { leavesOut } : {}),
    });
  const running: Snapshots = {
    backup,
    scaledMs,
    measured,
    follows,
    overdue: null,
    stop: new AbortController(),
    dueMs: null,
    ended: Promise.resolve(),
    durable: 0,
    failedInARow: 0,
    lastError: null,
    cut: null,
  };
  const signal = AbortSignal.any([halt, drill.signal]);
  const loop = async (): Promise<void> => {
    await haveWritten(drill, backup.component, AbortSignal.any([running.stop.signal, signal])).catch(
      () => undefined,
    );
    if (running.stop.signal.aborted || signal.aborted) return;
    begin();
    let number = 0;
    let nextMs = drill.clock.nowMs();
    if (follows)
      return followSchedule(drill, running, signal, (label, due) =>
        takeSnapshot(drill, running, label, due, signal),
      );
    while (!running.stop.signal.aborted && !signal.aborted) {
      // It cannot begin before the last one has ended; what comes on top of that is our own delay.
      const dueMs = Math.max(nextMs, drill.clock.nowMs());
      running.dueMs = dueMs;
      await drill.clock
        .sleep(Math.max(0, nextMs - drill.clock.nowMs()), AbortSignal.any([running.stop.signal, signal]))
        .catch(() => undefined);
      if (running.stop.signal.aborted || signal.aborted) return;
      const begunMs = drill.clock.nowMs();
      number += 1;
      await takeSnapshot(drill, running, labelOf(backup, number), { dueMs }, signal);
      // The next one is due an interval after this one was due; a backup that overran is followed at once.
      nextMs = Math.max(nextMs + running.scaledMs, begunMs);
    }
  };
  running.ended = loop();
  return running;
}

async function takeSnapshot(
  drill: Recorded & Sandbox & Control,
  running: Snapshots,
  label: string,
  due: Due,
  signal: AbortSignal,
): Promise<void> {
  const { backup } = running;
  const { timeline } = drill;
  const spec = pointSpecOf(backup);
  const id = timeline.newId('backup');
  let point = label;
  let isBegun = false;
  const begin = (): void => {
    isBegun = true;
    timeline.emit('backup.begun', { id, backup: backup.id, point, ...toldOf(due, drill.clock) });
  };
  const begunMs = drill.clock.nowMs();
  try {
    if ('missed' in due) throw due.missed;
    const writer = await drill.repository!.begin(spec);
    point = writer.id;
    running.dueMs = null;
    begin();
    try {
      const method = attachedTo(drill, backup.component).backups[backup.plan.method]!;
      await drill.moments.pass('backup.begun', backup.id);
      const sink = watchedSink(writer, (moment) => drill.moments.pass(moment, backup.id));
      const consistency = await method.backup!(sink, {
        of: id,
        options: backup.options,
        signal,
        now: () => timeline.now(),
        firstByte: () => drill.moments.pass('backup.uploading', backup.id),
      });
      if (consistency.kept) await drill.moments.pass('backup.dumped', backup.id);
      signal.throwIfAborted();
      checkDeclared(backup, consistency);
      if (running.cut) return await cutShort(drill, running, { id, point }, writer);
      await commit(drill, running, { id, point }, consistency, () => writer.commit(consistency));
      if (!running.measured) measure(drill, running, point, drill.clock.nowMs() - begunMs);
      await drill.moments.pass('backup.durable', backup.id);
      await pruneAfter(drill, backup, spec, running.durable);
    } catch (error) {
      await abandoned(drill, writer);
      throw error;
    }
  } catch (error) {
    running.failedInARow += 1;
    running.lastError = error;
    // It may fail before it has a place to write to.
    if (!isBegun) begin();
    timeline.emit('backup.failed', {
      id,
      backup: backup.id,
      point,
      error: signal.aborted ? 'cut off: the source is being recovered' : messageOf(error),
    });
  }
}

/** What plan allowed rests on where the method says that its backups lie. */
function checkDeclared({ id, info, plan }: PlannedBackup, { kept }: Consistency): void {
  if ((kept !== undefined) === (payloadOf(info, plan.options) === 'external')) return;
  throw environmentError(`backup ${id} was not taken as its method declares`, {
    found: kept ? `${kept.reference}, kept by the method` : 'nothing that the method keeps',
    expected: kept ? 'files' : 'a reference to what the method keeps',
  });
}

/** One run of a backup: its id, and the point that it makes. */
interface Taken {
  id: string;
  point: string;
}

async function commit(
  drill: Recorded,
  running: Snapshots,
  taken: Taken,
  consistency: Consistency,
  write: () => Promise<RecoveryPoint>,
): Promise<void> {
  const { digest, copies, position, payload } = await write();
  drill.timeline.emit('backup.durable', {
    ...taken,
    backup: running.backup.id,
    consistentAtMs: consistency.atMs,
    digest,
    copies,
    payload: payload.kind,
    ...sizesOf(payload),
    position,
  });
  running.durable += 1;
  running.failedInARow = 0;
}

function sizesOf(payload: RecoveryPoint['payload']): { plainBytes: number; storedBytes: number | null } {
  if (payload.kind === 'external') return { plainBytes: payload.bytes, storedBytes: null };
  const sum = (pick: (file: StoredFile) => number): number =>
    payload.files.reduce((total, file) => total + pick(file), 0);
  return { plainBytes: sum((file) => file.plainBytes), storedBytes: sum((file) => file.storedBytes) };
}

/** Once: what a fault makes slow later on is what the drill looks at, and moves no schedule. */
function measure(drill: Recorded, running: Snapshots, point: string, tookMs: number): void {
  const intervalMs = running.backup.plan.every!.ms;
  running.scaledMs = measuredIntervalMs(intervalMs, tookMs);
  running.measured = true;
  drill.timeline.emit('schedule.measured', {
    backup: running.backup.id,
    point,
    tookMs,
    scaledMs: running.scaledMs,
    factor: intervalMs / running.scaledMs,
  });
}

/**
 * What is left of it is no recovery point; that it could not be removed is said, and no reason to break off.
 */
const abandoned = ({ timeline }: Recorded, writer: Pick<PointWriter, 'abort'>): Promise<void> =>
  writer
    .abort()
    .catch(
      (error: unknown) =>
        void timeline.emit('note', { text: `half a backup may be left: ${messageOf(error)}` }),
    );

async function cutShort(
  drill: Recorded,
  running: Snapshots,
  taken: Taken,
  writer: Pick<PointWriter, 'abort'>,
): Promise<void> {
  const cut = running.cut!;
  const completeAtMs = drill.timeline.now();
  running.cut = null;
  running.stop.abort();
  try {
    await cut.act();
    cut.done();
  } catch (error) {
    cut.failed(error);
  }
  await abandoned(drill, writer);
  drill.timeline.emit('backup.failed', {
    ...taken,
    backup: running.backup.id,
    error: 'cut off by the fault, just before it was durable',
    cutOff: { by: cut.by, completeAtMs },
  });
  drill.timeline.emit('schedule.stopped', { backup: running.backup.id, reason: 'fault' });
}
