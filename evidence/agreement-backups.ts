import { payloadOf, type BackupInfo, type Followed } from '../core/backup.ts';
import { pointTakenBy, stepsOf } from '../core/steps/index.ts';
import type { BackupPlan } from '../core/strategy.ts';
import type { FollowsTold } from '../core/schedule-events.ts';
import { eventsOf, type TimelineEvent } from '../core/timeline.ts';
import { eachStepThatEndedWell, firstOf, says, type Agreement } from './agreement-plan.ts';
import { measuredIntervalMs, paceOf } from '../core/schedule-pace.ts';

/** Schedules, points, removals and what was restored are those of the strategy. */
export const backupsDisagree = (plan: Agreement): string | null =>
  schedulesDisagree(plan) ??
  paceDisagrees(plan) ??
  pointsDisagree(plan) ??
  removalsDisagree(plan) ??
  fetchedDisagree(plan);

function declared({ strategy }: Agreement, backup: string): BackupPlan | undefined {
  const [component, ...name] = backup.split('.');
  return strategy.components[component!]?.backups[name.join('.')];
}

/** What the driver says of the method that takes it, where both are known here. */
function infoOf(plan: Agreement, backup: string): BackupInfo | undefined {
  const component = plan.strategy.components[backup.split('.')[0]!];
  const of = declared(plan, backup);
  return of && component && plan.known.drivers[component.driver]?.backups[of.method];
}

const closeTo = (a: number, b: number): boolean => Math.abs(a - b) <= 1e-6 * Math.max(1, Math.abs(b));

function schedulesDisagree(plan: Agreement): string | null {
  const { scenario, events, completed } = plan;
  const begun = eventsOf(events, 'schedule.begun');
  const wrong = firstOf(begun, (event) => {
    const { backup, method, intervalMs, scaledMs, holds, follows, leavesOut = [] } = event.data;
    const of = declared(plan, backup);
    if (!of || !scenario.protect.includes(backup))
      return `${says(event)} runs ${backup}, which is not planned`;
    if (method !== of.method) return `${says(event)} takes ${backup} by ${method}, and not by ${of.method}`;
    const info = infoOf(plan, backup);
    if (info && info.holds !== holds)
      return `${says(event)} says what is in the points of ${backup} otherwise`;
    if (info && (info.leavesOut?.(of.options) ?? []).join('\n') !== leavesOut.join('\n'))
      return `${says(event)} says otherwise what is in none of the points of ${backup}`;
    const everyMs = info?.kind === 'continuous' ? null : (of.every?.ms ?? null);
    if (intervalMs !== everyMs) return `${says(event)} has another interval of ${backup} than is declared`;
    if (everyMs === null) return scaledMs !== null && `${says(event)} has an interval of a log`;
    const who = (info?.follows?.(of.options) ?? null) as Followed | null;
    if (info && !isTold(who, follows)) return `${says(event)} says otherwise by whose clock ${backup} runs`;
    const { scaledMs: runsMs } = paceOf(everyMs, scenario.timeScale, who);
    return (
      !closeTo(scaledMs ?? NaN, runsMs) &&
      `${says(event)} runs ${backup} every ${scaledMs} ms, and not every ${runsMs} ms`
    );
  });
  if (wrong) return wrong;
  const missing = scenario.protect.find((one) => !begun.some(({ data }) => data.backup === one));
  return completed && missing !== undefined ? `the schedule of ${missing} never began` : null;
}

const isTold = (who: Followed | null, told: FollowsTold | undefined): boolean =>
  who === null
    ? told === undefined
    : told?.service === who.service &&
      told.set?.name === who.schedule?.env &&
      told.set?.value === who.schedule?.drill;

/** Only where no time scale is named, by what the first backup took, and once. */
function paceDisagrees({ scenario, events }: Agreement): string | null {
  const seen = new Set<string>();
  return firstOf(eventsOf(events, 'schedule.measured'), (event) => {
    const { backup, point, tookMs, scaledMs, factor } = event.data;
    if (scenario.timeScale !== undefined)
      return `${says(event)} measures a pace, and the time scale is named`;
    if (seen.has(backup)) return `${says(event)} measures the pace of ${backup} once more`;
    seen.add(backup);
    const schedule = eventsOf(events, 'schedule.begun').find(({ data }) => data.backup === backup);
    const intervalMs = schedule?.data.intervalMs ?? null;
    const [begun, durable] = eventsOf(events, 'backup.begun', 'backup.durable').filter(
      ({ data, seq }) => data.backup === backup && data.point === point && seq < event.seq,
    );
    if (!schedule || intervalMs === null || schedule.data.follows || !begun || !durable)
      return `${says(event)} measures what ${point} of ${backup} took, and that is not there`;
    // A millisecond for what is rounded.
    if (tookMs < durable.atMs - begun.atMs - 1 || tookMs > event.atMs - schedule.atMs + 1)
      return `${says(event)} says that ${point} took ${tookMs} ms`;
    return (
      (scaledMs !== measuredIntervalMs(intervalMs, tookMs) || !closeTo(factor, intervalMs / scaledMs)) &&
      `${says(event)} says that ${backup} runs every ${scaledMs} ms`
    );
  });
}

function pointsDisagree(plan: Agreement): string | null {
  const running = new Set(eventsOf(plan.events, 'schedule.begun').map(({ data }) => data.backup));
  const wrong = firstOf(
    eventsOf(
      plan.events,
      'backup.begun',
      'backup.durable',
      'backup.failed',
      'schedule.stopped',
      'log.durable',
    ),
    (event) =>
      !running.has(event.data.backup) && `${says(event)} is of ${event.data.backup}, which does not run`,
  );
  if (wrong) return wrong;
  return firstOf(eventsOf(plan.events, 'backup.durable'), (event) => {
    const { backup, copies, payload, storedBytes } = event.data;
    const info = infoOf(plan, backup);
    if (info && payload !== payloadOf(info, declared(plan, backup)!.options))
      return `${says(event)} says that its payload is ${payload}, which is not what its method takes`;
    if ((storedBytes === null) !== (payload === 'external'))
      return `${says(event)} and its payload differ on what was stored`;
    const wanted = declared(plan, backup)!.copies;
    const differs = [...wanted, ...copies].find((one) => wanted.includes(one) !== copies.includes(one));
    return differs !== undefined && `${says(event)} and the strategy differ on a copy in ${differs}`;
  });
}

function removalsDisagree(plan: Agreement): string | null {
  return firstOf(eventsOf(plan.events, 'prune.begun', 'prune.ended', 'prune.failed'), (event) => {
    if (!declared(plan, event.data.backup)?.keep)
      return `${says(event)} removes points of ${event.data.backup}, which keeps all`;
    if (event.type !== 'prune.ended') return null;
    const { removed, completed, spared } = event.data;
    return removed.length + completed.length === 0 && spared === null && `${says(event)} removed nothing`;
  });
}

/** What a step restores comes from a store that it names, and is a point of its component. */
function fetchedDisagree(plan: Agreement): string | null {
  const steps = stepsOf(plan.scenario);
  const ofStep = (event: TimelineEvent<'point.fetched'>): string | null | false => {
    const { step, backup, store, provenance, drill } = event.data;
    const of = steps[step] && pointTakenBy(steps[step]);
    if (!of) return `${says(event)} is of step ${step}, which restores nothing`;
    if (!of.from.includes(store))
      return `${says(event)} was taken from ${store}, and step ${step} names ${of.from.join(', ')}`;
    if (
      !backup.startsWith(`${of.component}.`) ||
      (of.backup !== null && backup !== `${of.component}.${of.backup}`)
    )
      return `${says(event)} is of ${backup}, and step ${step} restores ${of.component}`;
    if ((provenance === 'external') !== of.existing)
      return `${says(event)} is ${of.existing ? 'not ' : ''}from before the drill`;
    return (drill === plan.drill) === of.existing && `${says(event)} was made by drill ${drill}`;
  };
  return (
    firstOf(eventsOf(plan.events, 'point.fetched'), ofStep) ??
    eachStepThatEndedWell(plan, (step, within, ended) =>
      pointTakenBy(step) !== null &&
      !eventsOf(within, 'point.fetched').some(({ data }) => data.of === ended.data.id)
        ? `${says(ended)} restored something, and nothing was fetched for it`
        : null,
    )
  );
}
