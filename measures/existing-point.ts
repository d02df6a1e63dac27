import type { Evidence, Measure } from '../core/measure.ts';
import { procedureOf } from '../core/procedures.ts';
import { pointTakenBy, stepsOf } from '../core/steps/index.ts';
import { eventsOf, type TimelineEvent } from '../core/timeline.ts';
import { formatDuration } from '../core/units.ts';
import type { Finding } from '../core/verdict.ts';
import { finding } from './finding.ts';
import { slackOf } from './schedule.ts';

/** The clocks of the drill that made it and of this one may be so far apart. */
const clocksMs = 5 * 60_000;

type Fetched = TimelineEvent<'point.fetched'>;

/**
 * How old a newest recovery point may be, and what that is made of: as its schedule makes them (the next one
 * is due after an interval, by a scheduler that may be late, and takes its time to be durable), or as much as
 * may be lost. Null where neither is declared.
 */
function longestOf({ strategy }: Evidence, { data }: Fetched): { ms: number; how: string } | null {
  const [component, ...name] = data.backup.split('.') as [string, ...string[]];
  const declared = strategy.components[component];
  const every = declared?.backups[name.join('.')]?.every;
  const rpo = declared?.objectives.rpo;
  const byRpo = rpo ? { ms: rpo.ms, how: 'its RPO' } : null;
  if (!every) return byRpo;
  const late = slackOf(every.ms);
  // One that takes longer than there is between two is late for the next one.
  const durability = Math.min(every.ms, durabilityMs(data));
  const bySchedule = {
    ms: every.ms + durability + late,
    how: `its schedule: ${every.text} between runs + ${formatDuration(durability)} to become durable, and ${formatDuration(late)} for the scheduler`,
  };
  return byRpo && byRpo.ms > bySchedule.ms ? byRpo : bySchedule;
}

/** By the clock of the drill that made it; an earlier Muster did not say. */
const durabilityMs = ({ takenAt, durableAt }: Fetched['data']): number =>
  takenAt === undefined || durableAt === undefined
    ? 0
    : Math.max(0, Date.parse(durableAt) - Date.parse(takenAt));

/** A recovery point may be whole, and of last year: then nothing shows that there still are any. */
function age(evidence: Evidence, component: string, fetched: Fetched): Finding {
  const { point, store, takenAt } = fetched.data;
  const longest = longestOf(evidence, fetched);
  const common = {
    id: `restored/${component}/age`,
    title: `What ${component} was restored from is no older than its schedule or its RPO`,
    gate: true,
    unit: 'ms' as const,
    objective: longest?.ms ?? null,
    evidence: [fetched.seq],
  };
  const ms = takenAt === undefined ? null : Date.parse(fetched.utc) - Date.parse(takenAt);
  const open = (detail: string): Finding =>
    finding({ ...common, actual: ms, verdict: 'inconclusive', detail });
  if (ms === null) return open(`When ${point} in ${store} was taken is not on the timeline.`);
  if (longest === null) return open(`Nothing declared says how old ${point} in ${store} may be.`);
  const old = `${point} in ${store} was taken at ${takenAt}`;
  if (ms < -clocksMs) return open(`${old}, which is yet to come: a clock is wrong.`);
  const told = `${old}, ${formatDuration(Math.max(0, ms))} before it was fetched`;
  const most = `${formatDuration(longest.ms)} of ${longest.how}`;
  if (ms > longest.ms)
    return open(
      `${told}: more than the ${most}. It can be restored, and nothing shows that newer ones are made.`,
    );
  return finding({
    ...common,
    actual: Math.max(0, ms),
    verdict: 'pass',
    detail: `${told}: no more than the ${most}.`,
  });
}

export const existingPoint: Measure = {
  about:
    'In a restore test of a recovery point that a drill left: it is no older than the strategy makes them',
  judge(evidence) {
    const { events, scenario } = evidence;
    if (procedureOf(events) === 'drill') return [];
    const steps = stepsOf(scenario);
    return eventsOf(events, 'point.fetched').flatMap((fetched) => {
      const taken = steps[fetched.data.step] && pointTakenBy(steps[fetched.data.step]!);
      return taken?.existing ? [age(evidence, taken.component, fetched)] : [];
    });
  },
};
