import type { Evidence } from '../core/measure.ts';
import type { Scenario } from '../core/scenario.ts';
import { logTakenBy, stepsOf } from '../core/steps/index.ts';
import { eventsOf, firstOf, type TimelineEvent } from '../core/timeline.ts';
import { formatBytes, formatCount, formatDuration } from '../core/units.ts';
import { failedByFault } from './felt.ts';
import { jumpsOf, largestFall, stepMs } from './clock.ts';
import { faultedComponents, drillTimesOf } from './drill-times.ts';
import { isJudged, rules } from './integrity.ts';
import { madeReady } from './made-ready.ts';
import { protectionOf, timeScaleOf } from './protection.ts';
import { rtoRows } from './rto.ts';

/** What this drill does not show, derived from what was and was not exercised. */
export function limitationsOf(evidence: Evidence): string[] {
  return [
    ...limitationsOfScope(evidence),
    ...limitationsOfTime(evidence),
    ...limitationsOfData(evidence),
    ...limitationsOfBackups(evidence),
    unsigned,
  ];
}

/** What no judgement can find out, and a reader may take for granted. */
const unsigned =
  'Nothing is signed: who can write to this bundle can make all of it anew, manifest.json included, and muster report does not find that out. Keep the SHA-256 of manifest.json where others cannot write.';

const list = (names: readonly string[]): string => names.join(', ');

function limitationsOfScope(evidence: Evidence): string[] {
  const { events, strategy, scenario } = evidence;
  const faulted = faultedComponents(events);
  const judged = rtoRows(evidence).map(({ component }) => component);
  const unasked =
    scenario.impact === 'none'
      ? []
      : faulted.filter((name) => strategy.components[name]?.objectives.rto && !judged.includes(name));
  const spared = Object.entries(strategy.components)
    .filter(([name, { objectives }]) => !faulted.includes(name) && (objectives.rto || objectives.rpo))
    .map(([name]) => name);
  const built = (firstOf(events, 'stack.up')?.data.images ?? [])
    .filter((image) => image.source === 'built')
    .map((image) => image.service);
  const absent = eventsOf(events, 'asked')
    .filter(({ data }) => data.stood === false && !data.ready)
    .map(({ data }) => `${data.kind} ${data.of}`);
  const kinds = [...new Set(eventsOf(events, 'fault.begun').map((event) => event.data.fault))];
  return [
    ...(kinds.length > 0
      ? [`Only ${list(kinds)} was tried: other faults, and several at once, may end otherwise.`]
      : []),
    ...(spared.length > 0 ? [`Not broken, so nothing is said about their objectives: ${list(spared)}.`] : []),
    ...(unasked.length > 0
      ? [`Broken, and nobody asked for them again, so nothing is said about their RTO: ${list(unasked)}.`]
      : []),
    ...(absent.length > 0 ? [`Not there before the fault, and not missed at the end: ${list(absent)}.`] : []),
    ...(built.length > 0
      ? [
          `Images built as equivalents of the official ones, not the official ones themselves: ${list([...new Set(built)])}.`,
        ]
      : []),
    ...Object.entries(scenario.decline ?? {}).map(
      ([check, reason]) => `${check} was declined by the scenario: ${reason.replace(/\.$/, '')}.`,
    ),
    'Everything ran on one machine: distances between regions, and the load of a real site, are not in the figures.',
  ];
}

function limitationsOfTime(evidence: Evidence): string[] {
  const { events, strategy, scenario } = evidence;
  const { automatic } = drillTimesOf(events);
  const { healthCheck, people } = strategy.detection;
  const scale = timeScaleOf(events, scenario);
  const missed = firstOf(events, 'undetected');
  const seen = firstOf(events, 'observation.ended')?.atMs;
  return [
    ...(automatic
      ? []
      : healthCheck
        ? ["How long the strategy's own health check takes was derived from its settings, not measured."]
        : [
            'The strategy does not say how failures are noticed: no time for that is in the recovery time, beyond what this drill itself took.',
          ]),
    ...(automatic || people?.page || people?.decide
      ? []
      : ['The strategy states no time for people to be called and to decide: none is in the recovery time.']),
    ...(automatic || !(people?.page || people?.decide)
      ? []
      : ['The time that people take was declared, not exercised.']),
    ...(missed
      ? [
          `Nothing had noticed the fault after ${formatDuration(missed.data.waitedMs)}; recovery was begun all the same.`,
        ]
      : []),
    ...readyBefore(evidence),
    ...unfelt(evidence),
    ...(scale > 1
      ? [
          `Backup intervals were compressed ${scenario.timeScale ?? `up to ${formatCount(scale)}`} times: effects that need the real interval (growth of a log, caches, expiry) do not show.`,
        ]
      : []),
    ...setBack(events),
    ...(seen === undefined ? ['The service was not observed to the end of the drill.'] : []),
  ];
}

/** What a restore began with; where it is added to no row, it is in none. */
function readyBefore(evidence: Evidence): string[] {
  const rows = rtoRows(evidence);
  return madeReady(evidence.events).map(({ of, what, madeInMs, madeAt, timedBy, seq }) => {
    const when = `${madeAt}, by ${timedBy}`;
    const use = rows.some((row) => row.evidence.includes(seq))
      ? 'it is added to what is held against the RTO, and is in no other figure'
      : rows.length > 0
        ? 'it is in no figure, for clients had right answers before it was taken'
        : 'it is in no figure, for no recovery time is held against an RTO';
    return `The restore of ${of} began with ${what} that was ready before anything was broken: a real site makes one first. That took ${formatDuration(madeInMs)} when it was made (${when}); ${use}.`;
  });
}

/** In one step, or in so many that none of them shows. */
function setBack(events: readonly TimelineEvent[]): string[] {
  const steps = jumpsOf(events).filter(({ ms }) => ms < 0);
  const whole = largestFall(events);
  const inSteps = steps.reduce((sum, { ms }) => sum + ms, 0);
  const so = 'no figure goes by it, and whatever expires at a time of day came later';
  return [
    ...steps.map(
      ({ after, ms }) =>
        `The clock on the wall was set back by ${formatDuration(-ms)} before event ${after.seq}: ${so}.`,
    ),
    ...(whole && whole.ms < inSteps - stepMs
      ? [
          `The clock on the wall fell behind the drill's own by ${formatDuration(-whole.ms)} from event ${whole.before.seq} to event ${whole.after.seq}, in small steps or by standing still: ${so}.`,
        ]
      : []),
  ];
}

/** Damage that lies still until it is repaired. */
function unfelt({ events, strategy, ledger }: Evidence): string[] {
  const moments = drillTimesOf(events);
  if (
    Object.keys(strategy.alerts ?? {}).length === 0 ||
    moments.faultMs === null ||
    moments.automatic ||
    (ledger.damage === null && ledger.loads.some((load) => failedByFault(load, moments)))
  )
    return [];
  return [
    'Clients felt nothing of the fault before the recovery was begun: no alert on what they see would have told anybody of it.',
  ];
}

function limitationsOfData({ events, ledger }: Evidence): string[] {
  const bytes = Math.max(0, ...eventsOf(events, 'backup.durable').map((event) => event.data.plainBytes));
  const thrown = ledger.loads.filter((load) => load.volatile).map((load) => load.load);
  const idle = ledger.loads.filter(isJudged).flatMap((load) => {
    const names = load.data
      ? rules
          .filter(
            (rule) => rule.exercised(load.data!, load) === null && !(rule.name === 'hole' && load.volatile),
          )
          .map((rule) => rule.name)
      : [];
    return names.length > 0 ? [`Not put to the test by ${load.load}: ${list(names)}.`] : [];
  });
  return [
    "Loss is known for the operations of Muster's own load alone; what other clients wrote is covered by the checks, as far as they go.",
    ...(bytes > 0
      ? [`The largest backup held ${formatBytes(bytes)}: more data takes longer to restore.`]
      : []),
    ...(thrown.length > 0
      ? [
          `Losses of ${list(thrown)} are not held against an objective: the recovery throws them away on purpose.`,
        ]
      : []),
    ...idle,
  ];
}

/**
 * Stores that a step really took something from: one that was named first and could not give it proves
 * nothing.
 */
function storesUsed(events: readonly TimelineEvent[], scenario: Scenario): string[] {
  const steps = stepsOf(scenario);
  return eventsOf(events, 'step.ended')
    .filter(({ data }) => data.ok)
    .flatMap(({ data }) => {
      const step = steps[data.step];
      const log = step && logTakenBy(step);
      if (log) return [log.from];
      return eventsOf(events, 'point.fetched').flatMap((fetched) =>
        fetched.data.of === data.id ? [fetched.data.store] : [],
      );
    });
}

function limitationsOfBackups({ events, strategy, scenario }: Evidence): string[] {
  const ran = protectionOf(events, null).map((one) => one.backup);
  const declared = Object.entries(strategy.components).flatMap(([component, { backups }]) =>
    Object.keys(backups).map((name) => `${component}.${name}`),
  );
  const idle = declared.filter((name) => !ran.includes(name));
  const used = storesUsed(events, scenario);
  const required = new Set(
    Object.entries(strategy.components).flatMap(([component, { backups }]) =>
      Object.entries(backups)
        .filter(([name]) => ran.includes(`${component}.${name}`))
        .flatMap(([, plan]) => plan.copies),
    ),
  );
  const kept = eventsOf(events, 'backup.durable').filter(({ data }) => data.payload === 'external');
  const keptOf = [...new Set(kept.map(({ data }) => data.backup))];
  const unused = [...required].filter((store) => !used.includes(store));
  const pruned = new Set(eventsOf(events, 'prune.ended').map(({ data }) => data.backup));
  const unpruned = Object.entries(strategy.components)
    .flatMap(([component, { backups }]) =>
      Object.entries(backups)
        .filter(([, plan]) => plan.keep)
        .map(([name]) => `${component}.${name}`),
    )
    .filter((name) => !pruned.has(name));
  return [
    ...(idle.length > 0 ? [`Declared and not exercised: ${list(idle)}.`] : []),
    ...eventsOf(events, 'schedule.begun').flatMap(({ data: { backup, leavesOut } }) =>
      leavesOut ? [`In no recovery point of ${backup}: ${list(leavesOut)}.`] : [],
    ),
    ...(keptOf.length > 0
      ? [
          `What ${list(keptOf)} takes is kept by its own method: where, in how many copies and how protected is not known here; the stores hold a reference to it.`,
        ]
      : []),
    ...(unused.length > 0
      ? [`Nothing was restored from ${list(unused)}: that those copies can be is not shown.`]
      : []),
    ...(unpruned.length > 0
      ? [
          `Retention was not waited for: that old recovery points are kept, and removed in time, is not shown for ${list(unpruned)}.`,
        ]
      : []),
  ];
}
