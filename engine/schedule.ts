import { pollUntil } from '../core/clock.ts';
import type { Consistency, Follower } from '../core/driver.ts';
import { environmentError, messageOf } from '../core/errors.ts';
import { haveWritten, writesDeadlineMs } from './covered.ts';
import { attachedTo, type Drill } from './drill-context.ts';
import { watchedSink } from './moments.ts';
import type { PlannedBackup } from './plan.ts';
import { sayWait, waitFor } from './waiting.ts';
import { pruneAfter } from './retention.ts';
import type { LogWriter, Manifest, PointWriter } from '../core/store.ts';

/**
 * Backups on their declared schedules. Intervals are compressed, by the time scale or by what a backup takes;
 * durations never are.
 */
export interface Schedules {
  /**
   * Resolves when every snapshot backup has this many durable points; rejects when a schedule cannot give
   * them.
   */
  havePoints(count: number): Promise<void>;
  /**
   * Resolves when so many further points of each snapshot backup of the component are durable; rejects when
   * its schedules cannot give them.
   */
  haveFurther(component: string, count: number): Promise<void>;
  /**
   * Runs `act` just before the next point of this backup would become durable; the backup in flight dies with
   * its source.
   */
  beforeNextDurable(backup: string, act: () => Promise<void>): Promise<void>;
  /**
   * How long from now its next recovery point may take to be durable: until it is due, until enough was
   * written, and as long as a step may take.
   */
  pointDeadlineMs(backup: string): number;
  /** No new backups of the component: what runs is left to end or fail by itself. */
  stopFor(component: string, reason: string): void;
  /** Continuous logs of the component end where they are, with nothing more taken from it. */
  cutLog(component: string): void;
  /** Ends everything, backups under way included; continuous logs ship what they have. */
  stop(): Promise<void>;
}

/** `scaledMs`: how often it runs; `measured`: as it stays, and no longer to be measured. */
interface Running {
  backup: PlannedBackup;
  scaledMs: number;
  measured: boolean;
  stop: AbortController;
  ended: Promise<void>;
  durable: number;
  failedInARow: number;
  lastError: unknown;
  cut: { act(): Promise<void>; done(): void; failed(error: unknown): void } | null;
}

const failuresTolerated = 3;

/**
 * A schedule without a time scale: the next backup is due twice as long after this one was as it took, so
 * that as much again is left to the traffic.
 */
const timesItsDuration = 2;
/**
 * Less would hardly let the load write something between two backups, and a busy machine is late by a good
 * part of it.
 */
export const leastIntervalMs = 2_000;
const roundToMs = 100;

export function startSchedules(drill: Drill): Schedules {
  const halt = new AbortController();
  const snapshots = drill.plan.backups
    .filter((one) => one.info.kind === 'snapshot')
    .map((backup) => startSnapshots(drill, backup, halt.signal));
  const logs = drill.plan.backups
    .filter((one) => one.info.kind === 'continuous')
    .map((backup) => startLog(drill, backup));
  return {
    havePoints: async (count) => {
      const { stepDeadline } = drill.plan.scenario;
      for (const { id, begun } of logs)
        await waitFor(drill, `waiting for ${id} to be followed`, stepDeadline.ms, () => begun);
      await havePointsOf(drill, snapshots, count);
    },
    haveFurther: (component, count) =>
      havePointsOf(
        drill,
        snapshots.filter(({ backup }) => backup.component === component),
        count,
      ),
    beforeNextDurable: (id, act) =>
      new Promise((resolve, reject) => {
        const running = snapshots.find((one) => one.backup.id === id);
        if (!running) return reject(new Error(`no schedule takes ${id}`));
        const deadlineMs = pointDeadlineMs(drill, running);
        const what = `waiting for the next recovery point of ${id}, just before which the fault comes`;
        sayWait(drill, what, deadlineMs);
        const callOff = drill.dependencies.clock.after(deadlineMs, () =>
          reject(environmentError(`${what} took longer than ${deadlineMs} ms`)),
        );
        drill.options.signal.addEventListener('abort', callOff, { once: true });
        drill.options.signal.addEventListener('abort', () => reject(drill.options.signal.reason as Error), {
          once: true,
        });
        void running.ended.then(() => reject(new Error(`the schedule of ${id} ended before its next point`)));
        const begin = (): Promise<void> => {
          callOff();
          return act();
        };
        running.cut = { act: begin, done: resolve, failed: reject };
      }),
    pointDeadlineMs: (id) => pointDeadlineMs(drill, snapshots.find((one) => one.backup.id === id)!),
    stopFor: (component, reason) => {
      for (const running of snapshots.filter(
        (one) => one.backup.component === component && !one.stop.signal.aborted,
      )) {
        running.stop.abort();
        drill.timeline.emit('schedule.stopped', { backup: running.backup.id, reason });
      }
    },
    cutLog: (component) => {
      for (const log of logs.filter(({ of }) => of === component)) log.cut();
    },
    stop: async () => {
      for (const running of snapshots) running.stop.abort();
      halt.abort();
      await Promise.all(snapshots.map((one) => one.ended));
      await Promise.all(logs.map((log) => log.stop()));
    },
  };
}

function pointDeadlineMs({ plan }: Drill, { backup, scaledMs, measured }: Running): number {
  const { stepDeadline } = plan.scenario;
  // A backup that took as long as it may, and is measured then.
  const longestMs = measured ? scaledMs : Math.min(backup.plan.every!.ms, timesItsDuration * stepDeadline.ms);
  return longestMs + writesDeadlineMs + stepDeadline.ms;
}

/**
 * Waits until each of these has so many more durable points. Rejects when one cannot give them, or not in
 * time.
 */
async function havePointsOf(drill: Drill, snapshots: readonly Running[], count: number): Promise<void> {
  if (snapshots.length === 0) return;
  const wanted = snapshots.map((running) => ({ running, until: running.durable + count }));
  const deadlineMs = count * Math.max(...snapshots.map((running) => pointDeadlineMs(drill, running)));
  const what = `waiting for ${count} recovery ${count === 1 ? 'point' : 'points'} of ${snapshots.map(({ backup }) => backup.id).join(', ')}`;
  sayWait(drill, what, deadlineMs);
  const { clock } = drill.dependencies;
  const had = await pollUntil(clock, { everyMs: 20, deadlineMs, signal: drill.options.signal }, async () => {
    for (const { running } of wanted) refuseStuck(running);
    return wanted.every(({ running, until }) => running.durable >= until);
  });
  if (!had)
    throw environmentError(`${what} took longer than ${deadlineMs} ms`, {
      found: snapshots.map(({ backup, durable }) => `${durable} of ${backup.id}`).join(', '),
    });
}

function refuseStuck({ backup, failedInARow, lastError }: Running): void {
  if (failedInARow >= failuresTolerated)
    throw environmentError(`backup ${backup.id} failed ${failuresTolerated} times in a row`, {
      found: messageOf(lastError),
    });
}

function startSnapshots(drill: Drill, backup: PlannedBackup, halt: AbortSignal): Running {
  const { timeline, plan, dependencies } = drill;
  const intervalMs = backup.plan.every!.ms;
  const { timeScale } = plan.scenario;
  const scaledMs = timeScale === undefined ? Math.min(intervalMs, leastIntervalMs) : intervalMs / timeScale;
  const begin = (): unknown =>
    timeline.emit('schedule.begun', {
      backup: backup.id,
      method: backup.plan.method,
      intervalMs,
      scaledMs,
      ...(backup.info.holds ? { holds: backup.info.holds } : {}),
    });
  const running: Running = {
    backup,
    scaledMs,
    measured: timeScale !== undefined,
    stop: new AbortController(),
    ended: Promise.resolve(),
    durable: 0,
    failedInARow: 0,
    lastError: null,
    cut: null,
  };
  const signal = AbortSignal.any([halt, drill.options.signal]);
  const loop = async (): Promise<void> => {
    await haveWritten(drill, backup.component, AbortSignal.any([running.stop.signal, signal])).catch(
      () => undefined,
    );
    if (running.stop.signal.aborted || signal.aborted) return;
    begin();
    let number = 0;
    let nextMs = dependencies.clock.nowMs();
    while (!running.stop.signal.aborted && !signal.aborted) {
      // It cannot begin before the last one has ended; what comes on top of that is our own delay.
      const dueMs = Math.max(nextMs, dependencies.clock.nowMs());
      await dependencies.clock
        .sleep(
          Math.max(0, nextMs - dependencies.clock.nowMs()),
          AbortSignal.any([running.stop.signal, signal]),
        )
        .catch(() => undefined);
      if (running.stop.signal.aborted || signal.aborted) return;
      const begunMs = dependencies.clock.nowMs();
      number += 1;
      await takeSnapshot(drill, running, `${backup.name}-${String(number).padStart(4, '0')}`, dueMs, signal);
      // The next one is due an interval after this one was due; a backup that overran is followed at once.
      nextMs = Math.max(nextMs + running.scaledMs, begunMs);
    }
  };
  running.ended = loop();
  return running;
}

async function takeSnapshot(
  drill: Drill,
  running: Running,
  label: string,
  dueMs: number,
  signal: AbortSignal,
): Promise<void> {
  const { backup } = running;
  const { timeline } = drill;
  const spec = {
    component: backup.component,
    backup: backup.name,
    method: backup.plan.method,
    copies: backup.plan.copies,
    encrypt: backup.plan.encrypt !== 'none',
  };
  let point = label;
  const begunMs = drill.dependencies.clock.nowMs();
  try {
    const writer = await drill.vault!.begin(spec);
    point = writer.point;
    timeline.emit('backup.begun', {
      backup: backup.id,
      point,
      lateMs: Math.max(0, Math.round(drill.dependencies.clock.nowMs() - dueMs)),
    });
    try {
      const method = attachedTo(drill, backup.component).backups[backup.plan.method]!;
      await drill.moments.pass('backup.begun', backup.id);
      const sink = watchedSink(writer, (moment) => drill.moments.pass(moment, backup.id));
      const consistency = await method.backup!(sink, {
        options: backup.options,
        signal,
        now: () => timeline.now(),
      });
      signal.throwIfAborted();
      if (running.cut) return await cutShort(drill, running, point, writer);
      await commit(drill, running, point, consistency, () => writer.commit(consistency));
      if (!running.measured) measure(drill, running, point, drill.dependencies.clock.nowMs() - begunMs);
      await drill.moments.pass('backup.durable', backup.id);
      await pruneAfter(drill, backup, spec, running.durable);
    } catch (error) {
      await abandoned(drill, writer);
      throw error;
    }
  } catch (error) {
    running.failedInARow += 1;
    running.lastError = error;
    timeline.emit('backup.failed', {
      backup: backup.id,
      point,
      error: signal.aborted ? 'cut off: the source is being recovered' : messageOf(error),
    });
  }
}

async function commit(
  drill: Drill,
  running: Running,
  point: string,
  consistency: Consistency,
  write: () => Promise<{ manifest: Manifest; sha256: string }>,
): Promise<void> {
  const { manifest, sha256 } = await write();
  const sum = (pick: (file: (typeof manifest.files)[number]) => number): number =>
    manifest.files.reduce((total, file) => total + pick(file), 0);
  drill.timeline.emit('backup.durable', {
    backup: running.backup.id,
    point,
    consistentAtMs: consistency.atMs,
    manifestSha256: sha256,
    copies: manifest.copies,
    plainBytes: sum((file) => file.plainBytes),
    storedBytes: sum((file) => file.storedBytes),
    position: manifest.position,
  });
  running.durable += 1;
  running.failedInARow = 0;
}

export function measuredIntervalMs(declaredMs: number, tookMs: number): number {
  const wantedMs = Math.ceil((timesItsDuration * tookMs) / roundToMs) * roundToMs;
  return Math.min(declaredMs, Math.max(leastIntervalMs, wantedMs));
}

/** Once: what a fault makes slow later on is what the drill looks at, and moves no schedule. */
function measure(drill: Drill, running: Running, point: string, tookMs: number): void {
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
const abandoned = ({ timeline }: Drill, writer: Pick<PointWriter, 'abort'>): Promise<void> =>
  writer
    .abort()
    .catch(
      (error: unknown) =>
        void timeline.emit('note', { text: `half a backup may be left: ${messageOf(error)}` }),
    );

async function cutShort(
  drill: Drill,
  running: Running,
  point: string,
  writer: Pick<PointWriter, 'abort'>,
): Promise<void> {
  const cut = running.cut!;
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
    backup: running.backup.id,
    point,
    error: 'cut off by the fault, just before it was durable',
  });
  drill.timeline.emit('schedule.stopped', { backup: running.backup.id, reason: 'fault' });
}

interface FollowedLog {
  of: string;
  id: string;
  begun: Promise<void>;
  cut(): void;
  stop(): Promise<void>;
}

function startLog(drill: Drill, backup: PlannedBackup): FollowedLog {
  const { timeline } = drill;
  const spec = {
    component: backup.component,
    backup: backup.name,
    method: backup.plan.method,
    copies: backup.plan.copies,
    encrypt: backup.plan.encrypt !== 'none',
  };
  timeline.emit('schedule.begun', {
    backup: backup.id,
    method: backup.plan.method,
    intervalMs: null,
    scaledMs: null,
  });
  let follower: Follower | null = null;
  let writer: LogWriter | null = null;
  const cut = new AbortController();
  const signal = AbortSignal.any([drill.options.signal, cut.signal]);
  const begin = async (): Promise<void> => {
    writer = await drill.vault!.followLog(
      spec,
      (segment) => void timeline.emit('log.durable', { backup: backup.id, ...segment }),
    );
    const method = attachedTo(drill, backup.component).backups[backup.plan.method]!;
    follower = await method.follow!(writer, { options: backup.options, signal, base: null });
    void follower.broken.then((error) => void timeline.emit('log.broken', { backup: backup.id, error }));
  };
  const begun = begin();
  begun.catch(() => undefined);
  return {
    of: backup.component,
    id: backup.id,
    begun,
    cut: () => cut.abort(new Error('what it follows is out of reach')),
    stop: async () => {
      await begun.catch(() => undefined);
      await follower?.stop();
      await writer?.close();
    },
  };
}
