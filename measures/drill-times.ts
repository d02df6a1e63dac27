import { comesBy, livesWith } from './own-route.ts';
import { eventsOf, firstOf, lastOf, type TimelineEvent } from '../core/timeline.ts';
import type { Blind } from '../core/workload.ts';

/** The stamps of a drill, in ms since its origin. Null is: it did not happen, or nobody saw it. */
export interface DrillTimes {
  /**
   * The first injection into a component began: time zero of every figure. Where only stores were broken, the
   * first of those.
   */
  faultMs: number | null;
  /**
   * The first injection of any kind began, a store's included: from then on backups may fail by right. Never
   * after faultMs.
   */
  disturbedMs: number | null;
  witnessedMs: number | null;
  detectedMs: number | null;
  recoveryBegunMs: number | null;
  recoveryEndedMs: number | null;
  /** The recovery was over: from here on nothing that is acknowledged may be lost. Null when it never was. */
  recoveredMs: number | null;
  readyMs: number | null;
  observationEndedMs: number | null;
  /** The verify phase ended. */
  verifiedMs: number | null;
  /** Nobody had to notice or decide anything: restart policies, replicas. */
  automatic: boolean;
  /**
   * Components whose clients come to what was broken, and since when the last of it was seen to have taken
   * effect; and those that lost data themselves, which only a restore brings back. Clients that share a way
   * in with one of these need not have met it.
   */
  brokenFor: ReadonlyMap<string, number>;
  lossOf: readonly string[];
}

export function drillTimesOf(events: readonly TimelineEvent[]): DrillTimes {
  const recovery = firstOf(events, 'recovery.begun');
  const begun = eventsOf(events, 'fault.begun');
  const broken =
    begun.find(({ data }) => data.on !== 'store' && !data.beforehand) ??
    begun.find(({ data }) => !data.beforehand) ??
    null;
  const witnessed = eventsOf(events, 'fault.witnessed').find(({ data }) => data.id === broken?.data.id);
  const automatic =
    recovery?.data.automatic ?? firstOf(events, 'drill.begun')?.data.scenario.recover === 'automatic';
  const verified = eventsOf(events, 'phase.ended').find((event) => event.data.phase === 'verify');
  return {
    faultMs: broken?.atMs ?? null,
    disturbedMs: begun[0]?.atMs ?? null,
    witnessedMs: witnessed?.atMs ?? null,
    detectedMs: firstOf(events, 'detected')?.atMs ?? null,
    recoveryBegunMs: recovery?.atMs ?? null,
    recoveryEndedMs: firstOf(lastAttempt(events).events, 'recovery.ended')?.atMs ?? null,
    recoveredMs: recoveredMs(events, automatic),
    readyMs: lastOf(events, 'ready')?.atMs ?? null,
    observationEndedMs: lastOf(events, 'observation.ended')?.atMs ?? null,
    verifiedMs: verified?.atMs ?? null,
    automatic,
    ...clientsOfBroken(events),
  };
}

function clientsOfBroken(events: readonly TimelineEvent[]): Pick<DrillTimes, 'brokenFor' | 'lossOf'> {
  const strategy = firstOf(events, 'drill.begun')?.data.strategy;
  const declared = Object.keys(strategy?.components ?? {});
  const witnessed = new Map(eventsOf(events, 'fault.witnessed').map(({ data, atMs }) => [data.id, atMs]));
  const brokenFor = new Map<string, number>();
  const lossOf: string[] = [];
  for (const { data, atMs } of eventsOf(events, 'fault.begun')) {
    const { id, on, target, components = [], losesData } = data;
    if (on === 'store' || data.beforehand) continue;
    const names = on === 'region' ? components : [target, ...components];
    const theirs = declared.filter((one) => names.some((name) => comesBy(strategy!, one, name)));
    for (const one of [...names, ...theirs])
      brokenFor.set(one, Math.max(brokenFor.get(one) ?? 0, witnessed.get(id) ?? atMs));
    if (!losesData) continue;
    // What empties a server takes all that lives in it; a table is of one component alone.
    const beside = declared.filter((one) => names.some((name) => livesWith(strategy!, one, name)));
    lossOf.push(...names, ...(losesData === 'all' ? beside : []));
  }
  return { brokenFor, lossOf };
}

/**
 * From when on what is read and written belongs to the recovered system. A recovery that is automatic begins
 * with the fault: nobody saw the moment at which a restart policy acted. Infinity when nothing was ever
 * recovered.
 */
export function recoveryBoundaryMs(moments: DrillTimes): number {
  if (moments.automatic) return moments.faultMs ?? Infinity;
  return moments.recoveryBegunMs ?? Infinity;
}

/**
 * From when on nothing that is acknowledged may be lost any more. Where steps were declared: the last attempt
 * had ended, and well. Where nobody acted: all that was broken was ready again, and nothing was still being
 * broken, as by a kill that is repeated. Of a lost region nobody becomes ready, nor of what stays away: it
 * was over when the right answers began that went on for as long as is asked. Until then a service may
 * answer, and lose it all at the exchange of its data: the RPO says how much of that is allowed. What was
 * ready once and is so anew may lose no more than one that stayed so.
 */
function recoveredMs(events: readonly TimelineEvent[], automatic: boolean): number | null {
  const begun = lastOf(events, 'recovery.begun');
  const broken = automatic ? brokenIn(events) : { comesBack: true, staysAway: false };
  const calmMs = broken.comesBack && !broken.staysAway ? -Infinity : calmSinceMs(events);
  if (begun && !broken.comesBack) return calmMs;
  if (calmMs === null) return null;
  const over = automatic
    ? (eventsOf(events, 'ready').findLast(({ data }) => data.again === undefined) ?? null)
    : firstOf(lastAttempt(events).events, 'recovery.ended');
  if (!begun || !over || (over.type === 'recovery.ended' && !over.data.ok)) return null;
  const breaking = eventsOf(events, 'fault.begun', 'fault.injected', 'fault.witnessed').filter(
    ({ data }) => !('beforehand' in data),
  );
  return Math.max(over.atMs, calmMs, ...(automatic ? breaking.map(({ atMs }) => atMs) : []));
}

/**
 * Whether components were broken that are to come back, and ones that are not, as of a lost region; a store,
 * or a service that no component stands for, is neither.
 */
function brokenIn(events: readonly TimelineEvent[]): { comesBack: boolean; staysAway: boolean } {
  const away = eventsOf(events, 'fault.begun').flatMap(({ data: { beforehand, on, target, components } }) => {
    if (beforehand || on === 'store') return [];
    if (on === 'region') return [true];
    const broken = components ?? (on === undefined ? [target] : []);
    return broken.map((name) => isToStayAway(events, name));
  });
  return { comesBack: away.includes(false), staysAway: away.includes(true) };
}

/** The scenario says of a component, by its own name or its service's, that another one serves for good. */
function isToStayAway(events: readonly TimelineEvent[], name: string): boolean {
  const begun = firstOf(events, 'drill.begun')?.data;
  const { service = name } = begun?.strategy.components[name] ?? {};
  // A bundle of before it could be said has none.
  const away: readonly string[] = begun?.scenario.staysAway ?? [];
  return away.includes(name) || away.includes(service);
}

/**
 * From here on clients had nothing but right answers until the observation ended, which a load of few
 * operations may draw out; null where they did not have them for so long. A bundle of before it was written
 * down says at the least for how long they had them.
 */
function calmSinceMs(events: readonly TimelineEvent[]): number | null {
  const ended = lastOf(events, 'observation.ended');
  const settle = firstOf(events, 'drill.begun')?.data.scenario.settle;
  if (!ended?.data.settled || !settle) return null;
  return Math.min(ended.data.calmSinceMs ?? Infinity, ended.atMs - settle.ms);
}

/** A load as its events declare it. */
export interface DeclaredLoad {
  index: number;
  load: string;
  target: string;
  kind: 'data' | 'visits';
  ratePerSecond: number;
  neverReturn: boolean;
  blindTo: readonly Blind[];
  volatile: boolean;
  /** All of it was read back: `readback.ended` says so. */
  readBack: boolean;
  /** How many read-back records the timeline says there are; null when it says nothing. */
  readBackRecords: number | null;
}

export function declaredLoads(events: readonly TimelineEvent[]): DeclaredLoad[] {
  const readbacks = eventsOf(events, 'readback.ended').map(({ data }) => data);
  return eventsOf(events, 'load.begun').map(({ data }) => {
    const own = readbacks.filter(({ index }) => index === data.index);
    return {
      ...data,
      blindTo: data.blindTo ?? [],
      readBack: own.length > 0 && own.every(({ complete }) => complete),
      readBackRecords: own.at(-1)?.records ?? null,
    };
  });
}

/**
 * Components that a fault was aimed at, each once; of a region those that are in it. A store is none,
 * whatever its name, and what was so beforehand is no fault of it.
 */
export const faultedComponents = (events: readonly TimelineEvent[]): string[] => [
  ...new Set(
    eventsOf(events, 'fault.begun').flatMap(({ data }) =>
      data.on === 'store' || data.beforehand ? [] : (data.components ?? [data.target]),
    ),
  ),
];

/** How often the recovery was begun, and the events of its last attempt; none when it never was. */
export function lastAttempt(events: readonly TimelineEvent[]): {
  attempts: number;
  events: readonly TimelineEvent[];
} {
  const begun = eventsOf(events, 'recovery.begun');
  const from = begun.at(-1)?.seq;
  return {
    attempts: begun.length,
    events: from === undefined ? [] : events.filter(({ seq }) => seq >= from),
  };
}
