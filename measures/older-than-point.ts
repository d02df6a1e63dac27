import type { Evidence } from '../core/measure.ts';
import { broughtDataBy, replayedBy, stepsOf } from '../core/steps/index.ts';
import { eventsOf, type TimelineEvent } from '../core/timeline.ts';
import { formatDuration } from '../core/units.ts';
import { drillTimesOf, faultedComponents } from './drill-times.ts';
import { countsForLoss } from './loss.ts';
import { protectionOf, type PointSeen, type ProtectionSeen } from './protection.ts';

/** What a reading of the ledger rounds. */
const roundedMs = 1;

/**
 * Whatever had been acknowledged when a recovery point was consistent is in it. Where some of that is missing
 * after it was restored, and nothing had broken the component before it was made, what is there is not the
 * point: another one was loaded, or none, or it is a copy of an older state. No schedule bounds such a loss.
 * In words; null where nothing shows it, as without clients of the component's own. `step`: which one
 * restored it.
 */
export function olderThanPoint(
  evidence: Evidence,
  fetched: TimelineEvent<'point.fetched'>,
  step: number,
): string | null {
  const { events, ledger } = evidence;
  const { backup, point } = fetched.data;
  const { faultMs } = drillTimesOf(events);
  const ran = protectionOf(events, faultMs).find((one) => one.backup === backup);
  const made = ran?.points.find((one) => one.point === point);
  if (!ran?.holdsData || !made || faultMs === null) return null;
  const before = events.filter(({ atMs }) => atMs < made.consistentMs);
  if (faultedComponents(before).includes(ran.component)) return null;
  const holds = heldBy(ran, made, showsBegin(evidence, ran));
  if (holds === null) return null;
  if (ledger.damage !== null || !isLastWord(evidence, ran.component, fetched, step)) return null;
  const oldest = ledger.loads
    .filter((load) => countsForLoss(load) && load.target === ran.component)
    // Where nothing at all is there, nothing was brought back: that is told by itself.
    .flatMap(({ data }) => (data !== null && data.survivedFault > 0 ? (data.oldestLostAckMs ?? []) : []));
  const olderByMs = holds.untilMs - Math.min(...oldest);
  return olderByMs > roundedMs
    ? `writes that were acknowledged up to ${formatDuration(olderByMs)} before ${holds.until} are missing: what is there holds less than what was restored, and no schedule says how much that may be`
    : null;
}

/**
 * Until when whatever was acknowledged is in a point. One that somebody else makes is as old as the last look
 * without it. Where nothing shows that it begins, its copy may have begun before; who makes one after the
 * other began it after that look that the one before it was not there at. Null of the first then.
 */
function heldBy(
  ran: ProtectionSeen,
  made: PointSeen,
  begins: boolean,
): { untilMs: number; until: string } | null {
  if (ran.follows === null) return { untilMs: made.consistentMs, until: 'it was consistent' };
  if (begins) return { untilMs: made.consistentMs, until: 'the last look without it' };
  const before = ran.points.findLast(({ seq }) => seq < made.seq);
  return before
    ? { untilMs: before.consistentMs, until: `the last look without ${before.point}, which came before it,` }
    : null;
}

/** Its strategy names files that are there as soon as one is begun. */
function showsBegin({ strategy }: Evidence, { component, name }: ProtectionSeen): boolean {
  const { follow } = (strategy.components[component]?.backups[name]?.options ?? {}) as {
    follow?: { begins?: string | string[] };
  };
  return [follow?.begins ?? []].flat().length > 0;
}

/** Nothing came after that restore that changes what there is of the component. */
function isLastWord(
  { events, scenario }: Evidence,
  component: string,
  { seq }: TimelineEvent<'point.fetched'>,
  restored: number,
): boolean {
  const later = events.filter((event) => event.seq > seq);
  const after = stepsOf(scenario).slice(restored + 1);
  const acted = after.some((step) => {
    const action = broughtDataBy(step);
    return replayedBy(step) === component || (action !== null && (action.of ?? component) === component);
  });
  const isOf = ({ data }: TimelineEvent<'point.fetched'>): boolean => data.backup.split('.')[0] === component;
  const broken = faultedComponents(later).includes(component);
  return !acted && !broken && !eventsOf(later, 'point.fetched').some(isOf);
}
