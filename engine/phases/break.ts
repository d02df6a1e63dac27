import type { ActiveFault } from '../../core/active-fault.ts';
import { messageOf } from '../../core/errors.ts';
import { unnoticedPoints, type PlannedBackup, type PlannedFault } from '../../core/planned.ts';
import { isBoundary, type BoundaryMoment } from '../../core/scenario.ts';
import { restoredComponents } from '../../core/steps/index.ts';
import { componentsHit, holdsChanges } from '../../core/targets.ts';
import { parseDurationMs } from '../../core/units.ts';
import { withoutEndedJobs } from '../before.ts';
import type { Control, Drill, Given, Recorded } from '../drill-context.ts';
import { inject, witness } from '../inject.ts';
import { lookJustBefore } from '../just-before.ts';
import type { Schedules } from '../schedule.ts';
import { targetOf } from '../targets/index.ts';
import { unlessAborted } from '../undo.ts';
import { sayWait } from '../waiting.ts';
import type { Handed, Phase } from './phase.ts';
import { withDeadline } from '../../core/deadline.ts';

/**
 * The backup whose next point the fault comes before: one of the target's own if there is one, or one that
 * the store keeps.
 */
const backupBefore = ({ plan }: Given, fault: PlannedFault): PlannedBackup | null => {
  const snapshots = plan.backups.filter((one) => one.info.kind === 'snapshot');
  const own = snapshots.find((one) => targetOf(fault).isBackedUpBy(one, fault, plan.components));
  return own ?? snapshots[0] ?? null;
};

/** Injects every fault at its moment, one after the other, and looks for the proof that each took effect. */
export const breaking: Phase = {
  name: 'break',
  run: async (drill, handed) => {
    const { faults } = drill.plan;
    const isOfRestore = ({ plan }: PlannedFault): boolean => plan.at.startsWith('restore.');
    for (const fault of faults.filter((one) => !isOfRestore(one))) await strike(drill, handed, fault);
    // Those that wait for the restore happen there.
    for (const fault of faults.filter(isOfRestore)) arrange(drill, fault);
  },
};

async function strike(drill: Drill, handed: Handed, fault: PlannedFault): Promise<void> {
  const { schedules } = handed;
  let inflicted: ActiveFault | null = null;
  const injection = await targetOf(fault).aim(drill, fault);
  await atItsMoment(drill, handed, fault, async () => {
    handed.before = await withoutEndedJobs(drill, handed.before);
    if (!fault.plan.beforehand) await lookJustBefore(drill);
    for (const component of componentsHit(fault, drill.plan.components)) {
      if (!unnoticedPoints(fault)) schedules!.stopFor(component, 'fault');
      if (targetOf(fault).cutsLogs) schedules!.cutLog(component);
    }
    if (!fault.plan.beforehand) listen(drill, handed);
    const spares = fault.plan.beforehand || targetOf(fault).isUnderBackups;
    const underWay = holdsChanges(fault) ? await holdChangesOf(drill, handed) : undefined;
    inflicted = await inject(drill, fault, injection, underWay);
    if (!spares) for (const load of handed.loads) load.leaveAsTheyAre?.();
  });
  if (inflicted) await witness(drill, fault, inflicted);
  await goOnUnnoticed(drill, schedules!, fault);
}

/** Longer than a server that answers takes, and than clients of one that does not should hold up a fault. */
const heldMs = 500;

/**
 * What a client writes anew between the damage and the end of its injection would be there, and no loss.
 * Resolves with how many changes are under way all the same: theirs may still be.
 */
async function holdChangesOf({ clock }: Control, { loads }: Handed): Promise<number> {
  const held = Promise.all(loads.map((load) => load.holdChanges?.()));
  await withDeadline(clock, 'changes under way', heldMs, held).catch(() => undefined);
  return loads.reduce((sum, load) => sum + (load.changesUnderWay?.() ?? 0), 0);
}

/** From the first injection on, a client that fails has noticed. */
function listen({ clientWatch }: Control, handed: Handed): void {
  if (handed.listening) return;
  handed.listening = true;
  handed.failure = clientWatch.nextFailure();
}

/** Damage that nobody sees goes on being backed up: recovery begins when so many points hold it. */
async function goOnUnnoticed(drill: Recorded, schedules: Schedules, fault: PlannedFault): Promise<void> {
  const points = unnoticedPoints(fault);
  if (points === 0) return;
  await schedules.haveFurther(fault.plan.target, points);
  drill.timeline.emit('note', {
    text: `${fault.plan.name}: ${points} further recovery points of ${fault.plan.target} became durable before anyone acted`,
  });
}

async function atItsMoment(
  drill: Control & Given,
  { schedules, loadBegunMs }: Handed,
  fault: PlannedFault,
  act: () => Promise<void>,
): Promise<void> {
  const { at } = fault.plan;
  const { clock } = drill;
  const backup = backupBefore(drill, fault);
  if (isBoundary(at)) return momentOf(drill, schedules!, at, backup!, act);
  // A store is broken, or damage not seen, under a backup that goes on; a component takes the backup in
  // flight with it.
  if (at === 'worst' && backup && (targetOf(fault).isUnderBackups || unnoticedPoints(fault)))
    return momentOf(drill, schedules!, 'backup.dumped', backup, act);
  if (at === 'worst' && backup) return schedules!.beforeNextDurable(backup.id, fault.id, act);
  const offsetMs = at === 'worst' ? 0 : parseDurationMs(at.slice(1))!;
  const leftMs = Math.max(0, loadBegunMs + offsetMs - clock.nowMs());
  if (leftMs > 0)
    sayWait(
      drill,
      `waiting for the moment of ${fault.plan.name} of ${fault.plan.target}, ${at} after the load began`,
      leftMs,
    );
  await clock.sleep(leftMs, drill.signal);
  await act();
}

/** A moment may never come. Only the waiting for it has a deadline: what happens then has its own. */
async function momentOf(
  drill: Control,
  schedules: Schedules,
  at: BoundaryMoment,
  backup: PlannedBackup,
  act: () => Promise<void>,
): Promise<void> {
  const deadlineMs = schedules.pointDeadlineMs(backup.id);
  const what = `waiting for the moment ${at} of ${backup.id}`;
  sayWait(drill, what, deadlineMs);
  let come!: () => void;
  const coming = new Promise<void>((resolve) => {
    come = resolve;
  });
  const done = drill.moments.at(at, backup.id, () => {
    come();
    return act();
  });
  done.catch(() => undefined);
  await unlessAborted(drill.signal, withDeadline(drill.clock, what, deadlineMs, coming));
  await unlessAborted(drill.signal, done);
}

/**
 * A fault in the middle of a recovery: at the restore of its own component, or of the first one that is
 * restored.
 */
function arrange(drill: Drill, fault: PlannedFault): void {
  const restored = restoredComponents(drill.plan.scenario);
  const of = restored.includes(fault.plan.target) ? fault.plan.target : restored[0]!;
  const act = async (): Promise<void> => {
    const inflicted = await inject(drill, fault, await targetOf(fault).aim(drill, fault));
    if (inflicted) await witness(drill, fault, inflicted);
  };
  drill.moments
    .at(fault.plan.at as BoundaryMoment, of, act)
    .catch(
      (error: unknown) =>
        void drill.timeline.emit('note', { text: `${fault.plan.name}: ${messageOf(error)}` }),
    );
}
