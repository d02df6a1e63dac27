import { pollUntil } from '../core/clock.ts';
import { environmentError, messageOf, NoRecoveryPoint } from '../core/errors.ts';
import { writesDeadlineMs } from './covered.ts';
import type { Drill, Control, Given } from './drill-context.ts';
import { startLog } from './followed-log.ts';
import { followedWithin, timesItsDuration } from '../core/schedule-pace.ts';
import { formatDuration } from '../core/units.ts';
import { startSnapshots, type Snapshots } from './snapshots.ts';
import { sayWait, waitFor } from './waiting.ts';

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
  beforeNextDurable(backup: string, fault: string, act: () => Promise<void>): Promise<void>;
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

const failuresTolerated = 3;

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
    beforeNextDurable: (id, by, act) =>
      new Promise((resolve, reject) => {
        const running = snapshots.find((one) => one.backup.id === id);
        if (!running) return reject(new Error(`no schedule takes ${id}`));
        const deadlineMs = pointDeadlineMs(drill, running);
        const what = `waiting for the next recovery point of ${id}, just before which the fault comes`;
        sayWait(drill, what, deadlineMs);
        const callOff = drill.clock.after(deadlineMs, () =>
          reject(environmentError(`${what} took longer than ${deadlineMs} ms`)),
        );
        drill.signal.addEventListener('abort', callOff, { once: true });
        drill.signal.addEventListener('abort', () => reject(drill.signal.reason as Error), {
          once: true,
        });
        void running.ended.then(() => reject(new Error(`the schedule of ${id} ended before its next point`)));
        const begin = (): Promise<void> => {
          callOff();
          return act();
        };
        running.cut = { by, act: begin, done: resolve, failed: reject };
      }),
    pointDeadlineMs: (id) => pointDeadlineMs(drill, snapshots.find((one) => one.backup.id === id)!),
    stopFor: (component, reason) => {
      for (const running of snapshots.filter(
        (one) => one.backup.component === component && !one.stop.signal.aborted,
      )) {
        running.stop.abort();
        drill.timeline.emit('schedule.stopped', {
          backup: running.backup.id,
          reason,
          ...lateOf(drill, running),
        });
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

/** For how long Muster itself kept the run waiting that was due when its schedule was stopped. */
function lateOf({ clock }: Control, { dueMs }: Snapshots): { lateMs?: number } {
  const lateMs = dueMs === null ? 0 : Math.round(clock.nowMs() - dueMs);
  return lateMs > 0 ? { lateMs } : {};
}

function pointDeadlineMs({ plan }: Given, { backup, scaledMs, measured, follows }: Snapshots): number {
  const { stepDeadline } = plan.scenario;
  // Nobody here can have it come sooner: for what is further away than a step may take, no longer is waited.
  if (follows)
    return writesDeadlineMs + stepDeadline.ms + (scaledMs > stepDeadline.ms ? 0 : followedWithin * scaledMs);
  // A backup that took as long as it may, and is measured then.
  const longestMs = measured ? scaledMs : Math.min(backup.plan.every!.ms, timesItsDuration * stepDeadline.ms);
  return longestMs + writesDeadlineMs + stepDeadline.ms;
}

/**
 * Waits until each of these has so many more durable points. Rejects when one cannot give them, or not in
 * time.
 */
async function havePointsOf(
  drill: Control & Given,
  snapshots: readonly Snapshots[],
  count: number,
): Promise<void> {
  if (snapshots.length === 0) return;
  const wanted = snapshots.map((running) => ({ running, until: running.durable + count }));
  const deadlineMs = count * Math.max(...snapshots.map((running) => pointDeadlineMs(drill, running)));
  const ids = snapshots.map(({ backup }) => backup.id);
  const what = `waiting for ${count} recovery ${count === 1 ? 'point' : 'points'} of ${ids.join(', ')}`;
  sayWait(drill, what, deadlineMs);
  const { clock } = drill;
  const had = await pollUntil(clock, { everyMs: 20, deadlineMs, signal: drill.signal }, async () => {
    for (const { running } of wanted) refuseStuck(running);
    return wanted.every(({ running, until }) => running.durable >= until);
  });
  if (!had)
    throw environmentError(`${what} took longer than ${deadlineMs} ms`, {
      found: [
        ...snapshots.map(({ backup, durable }) => `${durable} of ${backup.id}`),
        ...farAway(drill, snapshots),
      ].join(', '),
    });
}

/** A schedule of others that is longer than a drill waits is no failure of theirs. */
function farAway({ plan }: Given, snapshots: readonly Snapshots[]): string[] {
  const { stepDeadline } = plan.scenario;
  return snapshots
    .filter(({ follows, scaledMs }) => follows !== null && scaledMs > stepDeadline.ms)
    .map(
      ({ backup, follows, scaledMs }) =>
        `which ${follows!.service ?? 'its own maker'} makes every ${formatDuration(scaledMs)} by its own clock: have it run more often in the drill (follow.schedule of ${backup.id})`,
    );
}

function refuseStuck({ backup, failedInARow, lastError, overdue }: Snapshots): void {
  if (overdue !== null) throw overdue;
  if (failedInARow < failuresTolerated) return;
  const what = `backup ${backup.id} failed ${failuresTolerated} times in a row`;
  const found = { found: messageOf(lastError) };
  if (lastError instanceof NoRecoveryPoint) throw new NoRecoveryPoint(what, found);
  throw environmentError(what, found);
}
