import { pollUntil } from '../core/clock.ts';
import type { ActiveFault } from '../core/active-fault.ts';
import { MusterError, messageOf, NothingToActOn } from '../core/errors.ts';
import { isBoundary, type BoundaryMoment } from '../core/scenario.ts';
import type { EventData, Json } from '../core/timeline.ts';
import { parseDurationMs } from '../core/units.ts';
import { attachedTo, type Drill } from './drill-context.ts';
import { lookJustBefore } from './just-before.ts';
import { componentsHit, type PlannedBackup, type PlannedFault } from '../core/planned.ts';
import type { Failure } from './pulse.ts';
import { undoOfLoss } from './regions.ts';
import type { Schedules } from './schedule.ts';
import { aimed } from './targets.ts';
import { unlessAborted, withDeadline } from './undo.ts';
import { sayWait } from './waiting.ts';

const witnessEveryMs = 25;
/**
 * How long anyone may take to notice before the drill goes on without having been noticed; shorter where the
 * scenario gives up sooner.
 */
const detectDeadlineMs = 60_000;
const probeEveryMs = 100;

/**
 * The backup whose next point the fault comes before: one of the target's own if there is one, or one that
 * the store keeps.
 */
const backupBefore = (drill: Drill, { fault, plan }: PlannedFault): PlannedBackup | null => {
  const snapshots = drill.plan.backups.filter((one) => one.info.kind === 'snapshot');
  const own = (one: PlannedBackup): boolean =>
    fault.on === 'store'
      ? one.plan.copies.includes(plan.target)
      : componentsHit({ fault, plan }, drill.plan.components).includes(one.component);
  return snapshots.find(own) ?? snapshots[0] ?? null;
};

export interface Noticed {
  failure: Promise<Failure>;
}

/**
 * Injects every fault at its moment, one after the other, and looks for the proof that each took effect.
 * Those that wait for the restore are arranged and happen there. What it gives waits, from the first
 * injection on, for a client to notice. `rightBefore` is carried out before each.
 */
export async function breakIt(
  drill: Drill,
  schedules: Schedules,
  loadBegunMs: number,
  rightBefore: () => Promise<void>,
): Promise<Noticed> {
  let noticed: Noticed | null = null;
  for (const fault of drill.plan.faults) {
    if (isBoundary(fault.plan.at) && fault.plan.at.startsWith('restore.')) continue;
    let inflicted: ActiveFault | null = null;
    const strike = await aimed(drill, fault);
    const act = async (): Promise<void> => {
      await rightBefore();
      if (!fault.plan.beforehand) await lookJustBefore(drill);
      if (!unnoticed(fault))
        for (const component of componentsHit(fault, drill.plan.components))
          schedules.stopFor(component, 'fault');
      if (fault.fault.on === 'region')
        for (const component of componentsHit(fault, drill.plan.components)) schedules.cutLog(component);
      if (!fault.plan.beforehand) noticed ??= { failure: drill.pulse.nextFailure() };
      inflicted = await inject(drill, fault, strike);
    };
    await atItsMoment(drill, schedules, fault, loadBegunMs, act);
    if (inflicted) await witness(drill, fault, inflicted);
    await goOnUnnoticed(drill, schedules, fault);
  }
  for (const fault of drill.plan.faults.filter(({ plan }) => plan.at.startsWith('restore.')))
    arrange(drill, fault);
  return noticed ?? { failure: new Promise(() => undefined) };
}

const unnoticed = ({ fault, params }: PlannedFault): number =>
  'unnoticedPoints' in fault ? (fault.unnoticedPoints?.(params as never) ?? 0) : 0;

/** Damage that nobody sees goes on being backed up: recovery begins when so many points hold it. */
async function goOnUnnoticed(drill: Drill, schedules: Schedules, fault: PlannedFault): Promise<void> {
  const points = unnoticed(fault);
  if (points === 0) return;
  await schedules.haveFurther(fault.plan.target, points);
  drill.timeline.emit('note', {
    text: `${fault.plan.name}: ${points} further recovery points of ${fault.plan.target} became durable before anyone acted`,
  });
}

async function atItsMoment(
  drill: Drill,
  schedules: Schedules,
  fault: PlannedFault,
  loadBegunMs: number,
  act: () => Promise<void>,
): Promise<void> {
  const { at } = fault.plan;
  const { clock } = drill.dependencies;
  const backup = backupBefore(drill, fault);
  if (isBoundary(at)) return momentOf(drill, schedules, at, backup!, act);
  // A store is broken, or damage not seen, under a backup that goes on; a component takes the backup in
  // flight with it.
  if (at === 'worst' && backup && (fault.fault.on === 'store' || unnoticed(fault)))
    return momentOf(drill, schedules, 'backup.dumped', backup, act);
  if (at === 'worst' && backup) return schedules.beforeNextDurable(backup.id, fault.id, act);
  const offsetMs = at === 'worst' ? 0 : parseDurationMs(at.slice(1))!;
  const leftMs = Math.max(0, loadBegunMs + offsetMs - clock.nowMs());
  if (leftMs > 0)
    sayWait(
      drill,
      `waiting for the moment of ${fault.plan.name} of ${fault.plan.target}, ${at} after the load began`,
      leftMs,
    );
  await clock.sleep(leftMs, drill.options.signal);
  await act();
}

/** A moment may never come. Only the waiting for it has a deadline: what happens then has its own. */
async function momentOf(
  drill: Drill,
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
  await unlessAborted(drill.options.signal, withDeadline(drill.dependencies.clock, what, deadlineMs, coming));
  await unlessAborted(drill.options.signal, done);
}

/**
 * A fault in the middle of a recovery: at the restore of its own component, or of the first one that is
 * restored.
 */
function arrange(drill: Drill, fault: PlannedFault): void {
  const steps = drill.plan.scenario.recover === 'automatic' ? [] : drill.plan.scenario.recover;
  const restored = steps.flatMap((step) => ('restore' in step ? [step.restore] : []));
  const of = restored.includes(fault.plan.target) ? fault.plan.target : restored[0]!;
  const act = async (): Promise<void> => {
    const inflicted = await inject(drill, fault, await aimed(drill, fault));
    if (inflicted) await witness(drill, fault, inflicted);
  };
  drill.moments
    .at(fault.plan.at as BoundaryMoment, of, act)
    .catch(
      (error: unknown) =>
        void drill.timeline.emit('note', { text: `${fault.plan.name}: ${messageOf(error)}` }),
    );
}

/** What kind of target it is, and which components are hit with it; nothing of a component. */
function actedOn(drill: Drill, planned: PlannedFault): Partial<EventData['fault.begun']> {
  const { fault, ofService } = planned;
  if (fault.on === 'store') return { on: 'store', ...(fault.everyStore ? { everyStore: true } : {}) };
  if (fault.on !== 'region' && !ofService) return {};
  return {
    on: fault.on === 'region' ? 'region' : 'service',
    components: componentsHit(planned, drill.plan.components),
  };
}

/**
 * Time zero is stamped before anything is done: no effect can be earlier. Null where there was nothing to act
 * on: the drill goes on, and shows nothing.
 */
async function inject(
  drill: Drill,
  planned: PlannedFault,
  strike: () => Promise<ActiveFault>,
): Promise<ActiveFault | null> {
  const { id, fault, plan, params } = planned;
  const { timeline } = drill;
  const which = { id, fault: plan.name, target: plan.target };
  timeline.emit('fault.begun', {
    ...which,
    params: params as Json,
    ...actedOn(drill, planned),
    ...(plan.beforehand ? { beforehand: true } : {}),
  });
  try {
    const { ms: deadlineMs } = drill.plan.scenario.stepDeadline;
    sayWait(drill, `injecting ${plan.name} into ${plan.target}`, deadlineMs);
    // What takes effect only when nobody waits for it any more is undone all the same.
    const striking = strike().then((one) => {
      drill.undo.push(id, fault.on === 'region' ? undoOfLoss(drill, plan.target, one.undo) : one.undo);
      return one;
    });
    const inflicted = await withDeadline(
      drill.dependencies.clock,
      `injecting ${plan.name} into ${plan.target}`,
      deadlineMs,
      striking,
    );
    if (fault.on !== 'store' && fault.on !== 'region' && !plan.beforehand)
      drill.inflicted.push({ ...which, done: inflicted });
    if (inflicted.way !== undefined && !plan.beforehand && fault.on !== 'store' && fault.on !== 'region')
      emitWay(drill, which, inflicted.way);
    timeline.emit('fault.injected', { ...which, facts: inflicted.facts });
    return inflicted;
  } catch (error) {
    if (error instanceof NothingToActOn) {
      timeline.emit('fault.unwitnessed', { ...which, waitedMs: 0 });
      timeline.emit('note', {
        text: `${plan.name} of ${plan.target} had nothing to act on: ${messageOf(error)}`,
      });
      return null;
    }
    timeline.emit('fault.failed', { ...which, error: messageOf(error) });
    throw new MusterError('environment', `fault ${plan.name} could not be injected into ${plan.target}`, {
      cause: error,
    });
  }
}

/** Who comes by the way that is broken. */
function emitWay(drill: Drill, which: { id: string; fault: string; target: string }, port: number): void {
  const { service } = drill.plan.components.get(which.target)!;
  const comesBy = [...drill.plan.components.values()].filter(
    ({ declared }) => declared.clients?.service === service && declared.clients.port === port,
  );
  drill.timeline.emit('fault.way', { ...which, port, usedBy: comesBy.map((one) => one.name) });
}

async function witness(
  drill: Drill,
  { id, fault, plan }: PlannedFault,
  inflicted: ActiveFault,
): Promise<void> {
  const { timeline, dependencies } = drill;
  const begunMs = dependencies.clock.nowMs();
  sayWait(drill, `looking for the effect of ${plan.name} of ${plan.target}`, fault.witnessDeadlineMs);
  let lastError: unknown = null;
  const proof = await pollUntil(
    dependencies.clock,
    { everyMs: witnessEveryMs, deadlineMs: fault.witnessDeadlineMs, signal: drill.options.signal },
    async () => {
      try {
        return await inflicted.witness();
      } catch (error) {
        lastError = error;
        return null;
      }
    },
  );
  const where = { id, fault: plan.name, target: plan.target };
  if (proof) timeline.emit('fault.witnessed', { ...where, proof: proof.what, facts: proof.facts });
  else {
    timeline.emit('fault.unwitnessed', { ...where, waitedMs: dependencies.clock.nowMs() - begunMs });
    if (lastError)
      timeline.emit('note', { text: `the witness of ${plan.name} failed: ${messageOf(lastError)}` });
  }
}

/**
 * Components that a fault is aimed at and that can be asked whether they are ready: a store has no clients of
 * its own, and who asks what was in a lost region reaches for what should be gone. There clients decide.
 */
export function brokenComponents(drill: Drill): string[] {
  const hit = drill.plan.faults.flatMap((one) => componentsHit(one, drill.plan.components));
  const lost = drill.plan.faults
    .filter(({ fault }) => fault.on === 'region')
    .flatMap((one) => componentsHit(one, drill.plan.components));
  return [...new Set(hit)].filter((one) => !lost.includes(one));
}

const words = {
  wrong: 'got a wrong answer',
  failed: 'failed',
  slow: 'was answered too slowly',
  right: 'was answered',
} as const;

/**
 * Waits until somebody notices: a client's operation goes wrong, or a health probe of a broken component
 * does.
 */
export async function detect(drill: Drill, noticed: Noticed): Promise<void> {
  const { timeline, dependencies, plan } = drill;
  const stop = new AbortController();
  const signal = AbortSignal.any([stop.signal, drill.options.signal]);
  const targets = brokenComponents(drill);
  // Nobody notices a store that is broken before it is needed, and a drill need not wait to see that.
  if (plan.faults.every(({ fault }) => fault.on === 'store'))
    return void timeline.emit('undetected', { waitedMs: 0 });
  const deadlineMs = Math.min(detectDeadlineMs, plan.scenario.giveUp.ms);
  sayWait(drill, 'waiting for somebody to notice', deadlineMs);
  const byProbe = pollUntil(dependencies.clock, { everyMs: probeEveryMs, deadlineMs, signal }, async () => {
    for (const target of targets)
      if (!(await attachedTo(drill, target).ready()))
        return { by: 'probe' as const, detail: `${target} does not answer as ready`, atMs: timeline.now() };
    return null;
  });
  const byClient = noticed.failure.then(({ load, what, atMs }) => ({
    by: 'client' as const,
    detail: `an operation of ${load} ${words[what]}`,
    atMs: atMs - drill.originMs,
  }));
  try {
    const seen = await Promise.race([byProbe, byClient]);
    // Stamped when it was seen: the witness may have taken longer.
    if (seen) timeline.emit('detected', { by: seen.by, detail: seen.detail }, seen.atMs);
    else timeline.emit('undetected', { waitedMs: deadlineMs });
  } finally {
    stop.abort(new Error('detected'));
    byProbe.catch(() => undefined);
  }
}
