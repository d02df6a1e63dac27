import type { LoadAnalysis } from '../core/analysis.ts';
import type { Evidence } from '../core/measure.ts';
import { ownMethod } from '../core/own-backup.ts';
import { replacedDataBy, stepsOf } from '../core/steps/index.ts';
import { eventsOf, type TimelineEvent } from '../core/timeline.ts';
import { formatCount, formatDuration } from '../core/units.ts';
import { drillTimesOf } from './drill-times.ts';
import { countsForLoss } from './loss.ts';

/** Whether a restore shows by what came of it that it put anything back; `why`, where it does not. */
export type PutBack = { shown: true } | { shown: false; why: string };
const shown: PutBack = { shown: true };

/** What a reading of the ledger rounds. */
const roundedMs = 1;

/**
 * A driver's own restore replaces what is there, and says so of the server. A script of the user's that ends
 * well may have done nothing at all. That it did shows only where something was missing: data that a fault
 * took away, of which clients know, or what was written after the recovery point, which is not in it. Where
 * that is there all the same, something else filled the server, unless the fault left a part of it.
 */
export function putBackBy(evidence: Evidence, fetched: TimelineEvent<'point.fetched'>): PutBack {
  const { strategy } = evidence;
  const { backup } = fetched.data;
  const [component, ...rest] = backup.split('.') as [string, ...string[]];
  if (strategy.components[component]?.backups[rest.join('.')]?.method !== ownMethod) return shown;
  const loads = loadsOf(evidence, component);
  const taken = takenOf(evidence, component);
  const newer = taken === 'some' ? null : newerThanPoint(evidence, fetched, component, loads);
  if (newer !== null) return { shown: false, why: newer };
  if (taken !== null)
    return loads.all.some(({ data }) => data !== null && data.survivedFault > 0)
      ? shown
      : {
          shown: false,
          why: 'nothing that clients of the drill wrote came back, and what else is there its image may have made anew',
        };
  if (!loads.all.some(isMissing))
    return {
      shown: false,
      why: 'no fault took data away, and no acknowledged write is missing: a script that did nothing would have come to the same',
    };
  const seen = (of: 'lostSeenThere' | 'lostSeenGone' | 'backSeenGone'): number =>
    loads.all.reduce((sum, { data }) => sum + (data?.[of] ?? 0), 0);
  if (seen('backSeenGone') > 0 || seen('lostSeenThere') > 0) return shown;
  if (seen('lostSeenGone') === 0)
    return mayForget(evidence, component)
      ? {
          shown: false,
          why: 'a server with such settings may lose with its process what it has acknowledged, and no client saw any of the missing writes after that: a script that did nothing would have come to the same',
        }
      : shown;
  return {
    shown: false,
    why: `of the missing writes clients found ${formatCount(seen('lostSeenGone'))} gone before the restore began, and none of them there: the fault itself may have taken all that is missing, and a script that did nothing would have come to the same`,
  };
}

/** In words, what is there that the point cannot hold; null without any. */
function newerThanPoint(
  evidence: Evidence,
  { data: { backup, point } }: TimelineEvent<'point.fetched'>,
  component: string,
  loads: Loads,
): string | null {
  const durable = eventsOf(evidence.events, 'backup.durable').find(
    ({ data }) => data.backup === backup && data.point === point,
  );
  const keptMs = isAlone(evidence, component) ? newestKept(loads) : -Infinity;
  return durable && keptMs > durable.atMs + roundedMs
    ? `writes that were acknowledged until ${formatDuration(keptMs - durable.atMs)} after it had become durable, and before the recovery began, are there all the same: what is there is not what was restored`
    : null;
}

const mayForget = ({ events }: Evidence, component: string): boolean =>
  eventsOf(events, 'component.attached').some(
    ({ data }) => data.component === component && data.forgets === true,
  );

const isMissing = ({ data }: LoadAnalysis): boolean =>
  data !== null && data.lostBeforeFault + data.lostAfterFault > 0;

/**
 * The newest write that is there: of the component's own clients any, of those of others one of a load that
 * misses some, for the rest may lie in another component.
 */
function newestKept({ own, all }: Loads): number {
  const kept = ({ data }: LoadAnalysis): number => data?.newestSurvivorAckMs ?? -Infinity;
  if (own.length > 0) return Math.max(...own.map(kept));
  const missing = all.filter(isMissing);
  return missing.length === 0 ? -Infinity : Math.min(...missing.map(kept));
}

/** A fault took data of the component away, which only a restore brings back. */
export const wasTaken = (evidence: Evidence, component: string): boolean =>
  takenOf(evidence, component) !== null;

function takenOf({ events, strategy }: Evidence, component: string): 'all' | 'some' | null {
  const service = strategy.components[component]?.service ?? component;
  const taken = eventsOf(events, 'fault.begun').flatMap(
    ({ data: { losesData, on, target, components = [] } }) =>
      components.includes(component) || target === (on === 'service' ? service : component)
        ? (losesData ?? [])
        : [],
  );
  return taken.length === 0 ? null : taken.includes('all') ? 'all' : 'some';
}

interface Loads {
  own: LoadAnalysis[];
  all: LoadAnalysis[];
}

/** Its own, where it has some: clients of others may write to it as well. */
function loadsOf({ ledger }: Evidence, component: string): Loads {
  const all = ledger.loads.filter(countsForLoss);
  const own = all.filter(({ target }) => target === component);
  return { own, all: own.length > 0 ? own : all };
}

/** Nothing but that restore brings data to it: no log that is replayed, no other server that it copies. */
function isAlone({ events, scenario }: Evidence, component: string): boolean {
  const boundaryMs = drillTimesOf(events).recoveryBegunMs;
  const replayed = eventsOf(events, 'log.fetched').some(
    ({ data }) => data.backup.split('.')[0] === component,
  );
  const acted = stepsOf(scenario).some((step) => {
    const action = replacedDataBy(step);
    return action !== null && (action.of ?? component) === component;
  });
  return boundaryMs !== null && !replayed && !acted;
}
