import type { LoadAnalysis } from '../core/analysis.ts';
import type { Evidence } from '../core/measure.ts';
import { eventsOf } from '../core/timeline.ts';
import { faultedComponents, type DrillTimes } from './drill-times.ts';
import { failedByFault } from './felt.ts';
import { comesBy, goesThrough } from './own-route.ts';
import type { RecoveryTime } from './recovery-time.ts';

/**
 * The clients that a component is judged by: those that are aimed at it, else those that go in by it, or by
 * the same way as its own clients do. Never those of another component: it may have come back alone.
 */
export function ownClients(
  { strategy, ledger: { loads } }: Pick<Evidence, 'strategy' | 'ledger'>,
  component: string,
): LoadAnalysis[] {
  const own = loads.filter((load) => load.target === component);
  if (own.length > 0) return own;
  return loads.filter(({ target }) => comesBy(strategy, target, component));
}

export const isLostWithRegion = ({ events }: Pick<Evidence, 'events'>, component: string): boolean =>
  eventsOf(events, 'fault.begun').some(
    ({ data }) => data.on === 'region' && data.components?.includes(component),
  );

/** Whatever was broken, it was broken with that: what else somebody failed by there is none. */
const brokenAlone = ({ events }: Pick<Evidence, 'events'>, component: string): boolean =>
  eventsOf(events, 'fault.begun').every(
    ({ data }) =>
      data.on === 'store' || data.beforehand || (data.components ?? [data.target]).includes(component),
  );

/**
 * Whether these clients say by themselves when the component is back: they are aimed at it; or they failed by
 * the fault, what they ask was neither broken nor lost data, and they go in by its own service, or nothing
 * else was broken. What was lost with a neighbour's data may come back before what the component itself had.
 */
export function witnessAlone(
  evidence: Pick<Evidence, 'events' | 'strategy'>,
  component: string,
  load: LoadAnalysis,
  moments: DrillTimes,
): boolean {
  if (load.target === component) return true;
  if (!failedByFault(load, moments) || faultedComponents(evidence.events).includes(load.target)) return false;
  if (moments.lossOf.includes(load.target)) return false;
  return goesThrough(evidence.strategy, load.target, component) || brokenAlone(evidence, component);
}

const unknown = { rtaMs: null, correctMs: null, impactMs: null, resolutionMs: null, neverRight: false };

/**
 * A component without clients of its own, by its own probe. Null where it was lost with its region, and
 * nothing says more: its clients are asked, wherever they are served now. That another one stays away by
 * intent says nothing of what it was promised to do.
 */
export function probedTime(
  evidence: Pick<Evidence, 'events' | 'strategy'>,
  component: string,
  { faultMs }: DrillTimes,
): RecoveryTime | null {
  const { events, strategy } = evidence;
  if (faultMs === null) return { ...unknown, reason: 'nothing was broken' };
  const ready = eventsOf(events, 'ready').findLast(({ data }) => data.component === component);
  const service = strategy.components[component]?.service ?? component;
  const asked = eventsOf(events, 'asked').filter(
    ({ data }) => data.stood !== false && data.of === (data.kind === 'component' ? component : service),
  );
  const down = asked.find(({ data }) => !data.ready && !data.staysAway);
  if (down)
    return {
      ...unknown,
      neverRight: true,
      reason: `it has no client of its own, and was not ready at the end: ${down.data.detail}`,
    };
  const lostWithRegion = isLostWithRegion(evidence, component);
  const away = asked.some(({ data }) => !data.ready);
  if (away && lostWithRegion) return null;
  if (away)
    return {
      ...unknown,
      reason:
        'it stays away by intent and has no client of its own: nothing says whether what it did is done again',
    };
  const readyMs = ready?.atMs ?? asked.at(-1)?.atMs ?? null;
  if (readyMs !== null) return { ...unknown, rtaMs: readyMs - faultMs, correctMs: readyMs, reason: null };
  if (lostWithRegion) return null;
  return { ...unknown, reason: 'it has no client of its own, and its own probe never said ready' };
}
