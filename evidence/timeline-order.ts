import { procedureKinds } from '../core/procedures.ts';
import {
  eventsOf,
  type EventData,
  type EventType,
  type Phase,
  type TimelineEvent,
} from '../core/timeline.ts';

/**
 * Between the beginning of one phase and the end of another; null is no bound. What a step that took too long
 * goes on to do comes later than the recovery.
 */
type Window = readonly [from: Phase | null, to: Phase | null];
const anywhere: Window = [null, null];
const inVerify: Window = ['verify', 'verify'];
const inRecovery: Window = ['recover', 'recover'];
const ofBackups: Window = ['protect', 'recover'];
const ofFaults: Window = ['break', 'recover'];

const windows: { [T in EventType]: Window } = {
  'drill.begun': anywhere,
  'phase.begun': anywhere,
  'phase.ended': anywhere,
  'stack.up': ['up', 'up'],
  'component.attached': ['up', 'up'],
  'load.begun': ['protect', 'protect'],
  'load.ended': ['recover', 'verify'],
  'sustained.begun': ['protect', 'protect'],
  'sustained.ended': ['recover', 'verify'],
  'ledger.chunk': ['protect', null],
  'schedule.begun': ['protect', 'protect'],
  'schedule.measured': ofBackups,
  'schedule.stopped': ['break', 'recover'],
  'backup.begun': ofBackups,
  'backup.durable': ofBackups,
  'backup.failed': ofBackups,
  'prune.begun': ofBackups,
  'prune.ended': ofBackups,
  'prune.failed': ofBackups,
  'log.durable': ofBackups,
  'log.broken': ofBackups,
  'log.ended': ofBackups,
  'point.fetched': inRecovery,
  'log.fetched': inRecovery,
  'copy.refused': inRecovery,
  'existing.examined': inRecovery,
  'existing.restored': inRecovery,
  'fault.begun': ofFaults,
  'fault.injected': ofFaults,
  'fault.witnessed': ['break', 'verify'],
  'fault.unwitnessed': ['break', 'verify'],
  'fault.failed': ofFaults,
  'fault.route': ofFaults,
  'fault.asked-again': inVerify,
  'region.lost': ofFaults,
  'region.connections': ['break', null],
  'region.returned': ['break', null],
  'undo.begun': ['heal', 'heal'],
  'undo.ended': ['heal', 'heal'],
  detected: ['detect', 'detect'],
  undetected: ['detect', 'detect'],
  'recovery.begun': inRecovery,
  'recovery.ended': inRecovery,
  'step.begun': inRecovery,
  'step.ended': inRecovery,
  'stage.begun': inRecovery,
  'stage.ended': inRecovery,
  'command.begun': ['seed', 'verify'],
  'command.ended': ['seed', 'verify'],
  'attachment.saved': ['seed', 'verify'],
  ready: inRecovery,
  'observation.ended': inRecovery,
  'readback.ended': inVerify,
  'check.baseline': ['seed', 'seed'],
  'check.justBefore': ['break', 'break'],
  'check.silent': inVerify,
  'check.ended': inVerify,
  asked: inVerify,
  'restore.beganWith': inRecovery,
  note: anywhere,
  'stack.down': ['down', 'down'],
  'drill.ended': anywhere,
};

/** What makes an event the same as another: no drill has both. */
const once: { [T in EventType]?: readonly (keyof EventData[T])[] } = {
  'stack.up': [],
  'component.attached': ['component'],
  'load.begun': ['index'],
  'load.ended': ['index'],
  'sustained.begun': ['sustained'],
  'sustained.ended': ['sustained'],
  'schedule.begun': ['backup'],
  'schedule.measured': ['backup'],
  'backup.begun': ['backup', 'point'],
  'backup.durable': ['id'],
  'backup.failed': ['id'],
  'prune.ended': ['id'],
  'prune.failed': ['id'],
  'fault.injected': ['id'],
  'fault.witnessed': ['id'],
  'fault.unwitnessed': ['id'],
  'fault.failed': ['id'],
  'fault.route': ['id'],
  'fault.asked-again': ['id'],
  'step.begun': ['id'],
  'step.ended': ['id'],
  'stage.begun': ['id'],
  'stage.ended': ['id'],
  'region.lost': ['of'],
  'undo.begun': ['of'],
  'undo.ended': ['id'],
  'existing.examined': ['of', 'name'],
  'existing.restored': ['of'],
  'log.broken': ['backup'],
  'log.ended': ['backup'],
  detected: [],
  undetected: [],
  ready: ['component', 'again'],
  'observation.ended': [],
  'readback.ended': ['index'],
  'command.ended': ['id'],
  'attachment.saved': ['file'],
  'check.baseline': ['check'],
  'check.justBefore': ['check'],
  'check.silent': ['check'],
  'check.ended': ['check', 'component'],
  asked: ['kind', 'of'],
  'stack.down': [],
};

/** Pairs of which a drill has one at most, of those that agree in `by`. */
const apart: readonly (readonly [EventType, EventType, by: readonly string[]])[] = [
  ['backup.durable', 'backup.failed', ['id']],
  ['prune.ended', 'prune.failed', ['id']],
  ['fault.injected', 'fault.failed', ['id']],
  ['fault.witnessed', 'fault.unwitnessed', ['id']],
  ['fault.witnessed', 'fault.failed', ['id']],
  ['fault.unwitnessed', 'fault.failed', ['id']],
  ['detected', 'undetected', []],
  ['check.ended', 'check.silent', ['check']],
];

/** None of `next` without a `first` before it that agrees in `by`; `each`: and no more than of those. */
interface Link {
  first: EventType;
  next: readonly EventType[];
  by: readonly string[];
  each?: true;
}
/** With its id, an event says again what it is of. */
const ofFault = ['id', 'fault', 'target'];
const ofBackup = ['id', 'backup', 'point'];
const ofPrune = ['id', 'backup'];
const ofStep = ['id', 'step', 'title'];
const ofStage = ['id', 'of', 'step', 'stage', 'what'];
const links: readonly Link[] = [
  { first: 'stack.up', next: ['stack.down'], by: [] },
  { first: 'load.begun', next: ['load.ended'], by: ['load', 'index'] },
  { first: 'load.ended', next: ['readback.ended'], by: ['load', 'index'] },
  { first: 'sustained.begun', next: ['sustained.ended'], by: ['sustained'] },
  {
    first: 'schedule.begun',
    next: ['backup.begun', 'log.durable', 'log.broken', 'log.ended', 'schedule.stopped'],
    by: ['backup'],
  },
  { first: 'backup.begun', next: ['backup.durable', 'backup.failed'], by: ofBackup },
  { first: 'backup.durable', next: ['schedule.measured'], by: ['backup', 'point'] },
  { first: 'backup.durable', next: ['prune.begun'], by: ['backup'] },
  { first: 'prune.begun', next: ['prune.ended', 'prune.failed'], by: ofPrune },
  { first: 'fault.begun', next: ['fault.injected', 'fault.unwitnessed', 'fault.failed'], by: ofFault },
  { first: 'fault.begun', next: ['fault.route'], by: ofFault },
  { first: 'fault.injected', next: ['fault.witnessed', 'fault.asked-again'], by: ofFault },
  { first: 'undo.begun', next: ['undo.ended'], by: ['id', 'undo'] },
  { first: 'region.lost', next: ['region.connections'], by: ['region'], each: true },
  { first: 'region.connections', next: ['region.returned'], by: ['region'], each: true },
  { first: 'recovery.ended', next: ['observation.ended'], by: [] },
  { first: 'step.begun', next: ['step.ended'], by: ofStep },
  { first: 'stage.begun', next: ['stage.ended'], by: ofStage },
];

/** Each `of` is followed by one of `until` of its own that agrees in `by`. */
interface Due {
  of: EventType;
  until: readonly EventType[];
  by: readonly string[];
  /** Which of them; all where it is left out. */
  which?(data: never): boolean;
  /** A step that took too long may go on, and never come to it. */
  unlessFailed?: true;
}
const breaks = ({ procedure }: EventData['drill.begun']): boolean =>
  procedureKinds[procedure ?? 'drill'].breaks;
const dues: readonly Due[] = [
  { of: 'stack.up', until: ['stack.down'], by: [] },
  { of: 'drill.begun', until: ['detected', 'undetected'], by: [], which: breaks },
  { of: 'drill.begun', until: ['recovery.begun'], by: [] },
  { of: 'drill.begun', until: ['observation.ended'], by: [] },
  {
    of: 'load.begun',
    until: ['readback.ended'],
    by: ['load', 'index'],
    which: ({ kind }: EventData['load.begun']) => kind !== 'visits',
  },
  { of: 'backup.begun', until: ['backup.durable', 'backup.failed'], by: ofBackup },
  { of: 'undo.begun', until: ['undo.ended'], by: ['id'] },
  {
    of: 'fault.begun',
    until: ['fault.injected', 'fault.failed', 'fault.unwitnessed'],
    by: ofFault,
    unlessFailed: true,
  },
  { of: 'stage.begun', until: ['stage.ended'], by: ofStage, unlessFailed: true },
  { of: 'command.begun', until: ['command.ended'], by: ['id'], unlessFailed: true },
  { of: 'check.baseline', until: ['check.ended', 'check.silent'], by: ['check'] },
];

/** The data of an event that a rule looks at, whatever its type. */
const keyOf = ({ data }: TimelineEvent, by: readonly string[]): string =>
  JSON.stringify(by.map((field) => (data as unknown as Record<string, unknown>)[field]));
const named = ({ seq, type }: TimelineEvent): string => `event ${seq} (${type})`;
const counted = (counts: Map<string, number>, key: string): number => counts.get(key) ?? 0;
const add = (counts: Map<string, number>, key: string): void =>
  void counts.set(key, counted(counts, key) + 1);

/**
 * What stands where no drill that ran to its end has it, is there twice, or lacks what goes before or after
 * it; null when there is nothing of that kind. Whatever else may be wrong with them, all phases have ended.
 */
export function oddOrder(events: readonly TimelineEvent[]): string | null {
  const failed = eventsOf(events, 'step.ended').some(({ data }) => !data.ok);
  return (
    oddPlace(events, failed) ??
    first(events, Object.entries(once), twiceIn) ??
    first(events, apart, bothIn) ??
    first(events, links, unfounded) ??
    first(
      events,
      dues.filter(({ unlessFailed }) => !(unlessFailed && failed)),
      undue,
    )
  );
}

function first<Rule>(
  events: readonly TimelineEvent[],
  rules: readonly Rule[],
  odd: (events: readonly TimelineEvent[], rule: Rule) => string | null,
): string | null {
  for (const rule of rules) {
    const found = odd(events, rule);
    if (found !== null) return found;
  }
  return null;
}

function oddPlace(events: readonly TimelineEvent[], failed: boolean): string | null {
  const seqs = (type: 'phase.begun' | 'phase.ended'): Map<Phase, number> =>
    new Map(eventsOf(events, type).map(({ seq, data }) => [data.phase, seq]));
  const [begun, ended] = [seqs('phase.begun'), seqs('phase.ended')];
  for (const event of events) {
    const [from, to] = windows[event.type];
    if (from !== null && event.seq < begun.get(from)!)
      return `${named(event)} comes before the phase ${from}, in which it belongs at the earliest`;
    if (to !== null && event.seq > ended.get(to)! && !(failed && to === 'recover'))
      return `${named(event)} comes after the phase ${to}, in which it belongs at the latest`;
  }
  return null;
}

function twiceIn(events: readonly TimelineEvent[], [type, by]: [string, readonly string[]]): string | null {
  const seen = new Set<string>();
  for (const event of eventsOf(events, type as EventType)) {
    const key = keyOf(event, by);
    if (seen.has(key)) return `${named(event)} says again what can be once`;
    seen.add(key);
  }
  return null;
}

function bothIn(events: readonly TimelineEvent[], [one, other, by]: (typeof apart)[number]): string | null {
  const keys = new Set(eventsOf(events, one).map((event) => keyOf(event, by)));
  const both = eventsOf(events, other).find((event) => keys.has(keyOf(event, by)));
  return both ? `${named(both)} contradicts a ${one} of the same` : null;
}

function unfounded(events: readonly TimelineEvent[], { first, next, by, each }: Link): string | null {
  const [before, after] = [new Map<string, number>(), new Map<string, number>()];
  for (const event of eventsOf(events, first, ...next)) {
    const key = keyOf(event, by);
    if (event.type === first) add(before, key);
    if (!next.includes(event.type)) continue;
    add(after, key);
    if (counted(before, key) === 0) return `${named(event)} comes without a ${first} of the same before it`;
    if (each && counted(after, key) > counted(before, key))
      return `${named(event)} is one more than there are ${first} of the same`;
  }
  return null;
}

function undue(events: readonly TimelineEvent[], { of, until, by, which }: Due): string | null {
  const over = new Map<string, number>();
  for (const event of eventsOf(events, ...until)) add(over, keyOf(event, by));
  for (const event of eventsOf(events, of)) {
    if (which && !which(event.data as never)) continue;
    const key = keyOf(event, by);
    if (counted(over, key) === 0) return `${named(event)} is not followed by a ${until.join(' or ')}`;
    over.set(key, counted(over, key) - 1);
  }
  return null;
}
