import type { Evidence, Measure } from '../core/measure.ts';
import { procedureOf } from '../core/procedures.ts';
import { pointTakenBy, stepsOf } from '../core/steps/index.ts';
import { eventsOf, type TimelineEvent } from '../core/timeline.ts';
import { formatDuration } from '../core/units.ts';
import type { Finding } from '../core/verdict.ts';
import { finding } from './finding.ts';

/** The clocks of the drill that made it and of this one may be so far apart. */
const clocksMs = 5 * 60_000;

type Fetched = TimelineEvent<'point.fetched'>;

/** How old a newest recovery point may be: as its schedule makes them, or as much as may be lost. */
function longestMs({ strategy }: Evidence, { data }: Fetched): number | null {
  const [component, ...name] = data.backup.split('.') as [string, ...string[]];
  const declared = strategy.components[component];
  const known = [declared?.backups[name.join('.')]?.every?.ms, declared?.objectives.rpo?.ms];
  const given = known.filter((ms) => ms !== undefined);
  return given.length > 0 ? Math.max(...given) : null;
}

/** A recovery point may be whole, and of last year: then nothing shows that there still are any. */
function age(evidence: Evidence, component: string, fetched: Fetched): Finding {
  const { point, store, takenAt } = fetched.data;
  const longest = longestMs(evidence, fetched);
  const common = {
    id: `restored/${component}/age`,
    title: `What ${component} was restored from is no older than its schedule or its RPO`,
    gate: true,
    unit: 'ms' as const,
    objective: longest,
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
  const most = formatDuration(longest);
  if (ms > longest)
    return open(
      `${told}: more than the ${most} of its schedule and its RPO. It can be restored, and nothing shows that newer ones are made.`,
    );
  return finding({
    ...common,
    actual: Math.max(0, ms),
    verdict: 'pass',
    detail: `${told}, of at most ${most}.`,
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
