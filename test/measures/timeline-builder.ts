import {
  kinds,
  outcomes,
  recordBytes,
  writeRecord,
  digestOf,
  type Digest,
  type Kind,
  type LedgerRecord,
  type LedgerSource,
  type OperationOutcome,
} from '../../core/ledger.ts';
import { restoreTestSchema, scenarioSchema } from '../../core/scenario.ts';
import { strategySchema } from '../../core/strategy.ts';
import type { EventData, EventType, TimelineEvent } from '../../core/timeline.ts';
import { firstHash, hashEvent } from '../../core/chain.ts';
import type { DrillResult } from '../../core/result.ts';
import { measures as registry } from '../../measures/index.ts';
import { judge } from '../../measures/judge.ts';
import { analyseLedger } from '../../measures/ledger-judge.ts';
import type { LedgerAnalysis } from '../../core/analysis.ts';
import type { Measure } from '../../core/measure.ts';
import { z } from 'zod';

/** A drill as it is being written down by hand: events in any order, and the client's records. */
export interface Sketch {
  /** A drill, where it is left out. */
  procedure?: 'restore-test';
  strategy: Record<string, unknown>;
  scenario: Record<string, unknown>;
  events: { [T in EventType]: { atMs: number; type: T; data: EventData[T] } }[EventType][];
  records: LedgerRecord[];
  /** How far the clock on the wall is ahead of the drill's own by then. */
  aheadMs?(atMs: number): number;
}

export interface Sealed {
  events: TimelineEvent[];
  source: LedgerSource;
}

/** What a step does: of the one of that place that was begun last by then. */
type OfStep =
  | 'stage.begun'
  | 'stage.ended'
  | 'point.fetched'
  | 'log.fetched'
  | 'copy.refused'
  | 'existing.examined'
  | 'existing.restored';
type Left<T extends EventType> = T extends OfStep ? 'id' | 'of' : 'id';
/** The data of an event; its ids may be left out, and follow from the names in it. */
type Sketched<T extends EventType> = EventData[T] extends { id: string } | { of: string; step: number }
  ? Omit<EventData[T], Left<T>> & Partial<Record<Left<T>, string>>
  : EventData[T];

export function add<T extends EventType>(sketch: Sketch, atMs: number, type: T, data: Sketched<T>): void {
  const of = 'of' in data ? {} : ofStep(sketch, atMs, type, data);
  const id = 'id' in data ? {} : idFor(sketch, atMs, type, { ...of, ...data });
  sketch.events.push({ atMs, type, data: { ...id, ...of, ...data } } as Sketch['events'][number]);
}

/** What makes events those of one thing, by what stands before the dot in their type. */
const named: Record<string, readonly string[]> = {
  fault: ['fault', 'target'],
  backup: ['backup', 'point'],
  prune: ['backup'],
  undo: ['undo'],
  step: ['step'],
  stage: ['of', 'stage', 'what'],
};
/** These come again: an event is of the one that was begun last by then, in whatever order they are added. */
const again = ['step', 'stage'];

interface Begun {
  atMs: number;
  type: string;
  data: Names & { id: string };
}

/** As the drill would have it: a new one where something begins, else that of the last one of these names. */
function idFor({ events }: Sketch, atMs: number, type: EventType, data: object): { id?: string } {
  const [kind] = type.split('.') as [string];
  const names = named[kind];
  if (!names) return {};
  const begun = events.filter((event) => event.type === `${kind}.begun`) as unknown as Begun[];
  const same = begun
    .filter((one) => names.every((name) => one.data[name] === (data as Names)[name]))
    .filter((one) => !again.includes(kind) || one.atMs <= atMs);
  const last = again.includes(kind) ? same.toSorted((a, b) => a.atMs - b.atMs).at(-1) : same.at(-1);
  const first = type.endsWith('.begun') ? undefined : last;
  return { id: first?.data.id ?? `${kind}-${begun.length + 1}` };
}

function ofStep(sketch: Sketch, atMs: number, type: EventType, data: object): { of?: string } {
  const isOfStep =
    /^(?:stage|existing)\./.test(type) || ['point.fetched', 'log.fetched', 'copy.refused'].includes(type);
  if (!isOfStep) return {};
  const { step } = data as { step: number };
  return { of: idFor(sketch, atMs, 'step.ended', { step }).id! };
}
type Names = Record<string, unknown>;

/** Leaves out the events of a type, or those of them that `which` picks. */
export function drop<T extends EventType>(
  sketch: Sketch,
  type: T,
  which: (data: EventData[T], atMs: number) => boolean = () => true,
): void {
  const kept = sketch.events.filter(
    (event) => event.type !== type || !which(event.data as EventData[T], event.atMs),
  );
  if (kept.length === sketch.events.length) throw new Error(`no ${type} to leave out`);
  sketch.events = kept;
}

/** Changes the events of a type, in place: their data, and with `atMs` their time. */
export function change<T extends EventType>(
  sketch: Sketch,
  type: T,
  alter: (event: { atMs: number; data: EventData[T] }) => void,
  which: (data: EventData[T]) => boolean = () => true,
): void {
  const found = sketch.events.filter((event) => event.type === type && which(event.data as EventData[T]));
  if (found.length === 0) throw new Error(`no ${type} to change`);
  for (const event of found) alter(event as unknown as { atMs: number; data: EventData[T] });
}

interface OperationOptions {
  group?: number;
  durationMs?: number;
  flags?: number;
  outcome?: OperationOutcome;
}

/** One record. A value of null is: nothing there. */
export function operation(
  load: number,
  kind: Kind,
  id: number,
  invokedMs: number,
  value: string | null,
  options: OperationOptions = {},
): LedgerRecord {
  const { low, high }: Digest = value === null ? { low: 0, high: 0 } : digestOf(value);
  return {
    load,
    kind,
    outcome: options.outcome ?? outcomes.ok,
    flags: options.flags ?? 0,
    id,
    group: options.group ?? id,
    invokedMs,
    durationMs: options.durationMs ?? 1,
    low,
    high,
  };
}

export const readBackOf = (sketch: Sketch, load: number): LedgerRecord[] =>
  sketch.records.filter((record) => record.load === load && record.kind === kinds.readback);

/** Records as they are or as they are to be, without the ones that are left out. */
export const keep = (sketch: Sketch, which: (record: LedgerRecord) => boolean): void =>
  void (sketch.records = sketch.records.filter(which));

/** A ledger in memory; `recordsPerChunk` small enough that records come in several chunks. */
export function sourceOf(records: readonly LedgerRecord[], recordsPerChunk = 1000): LedgerSource {
  const bytes = new Uint8Array(records.length * recordBytes);
  const view = new DataView(bytes.buffer);
  for (const [at, record] of records.entries()) writeRecord(view, at * recordBytes, record);
  return {
    records: records.length,
    *chunks() {
      for (let at = 0; at < bytes.length; at += recordsPerChunk * recordBytes)
        yield bytes.subarray(at, at + recordsPerChunk * recordBytes);
    },
  };
}

/** Hash-chained events, as a bundle holds them. `utc` follows from `atMs`. */
export function chain(
  events: Sketch['events'],
  aheadMs: NonNullable<Sketch['aheadMs']> = () => 0,
): TimelineEvent[] {
  let prev = firstHash;
  return [...events]
    .sort((a, b) => a.atMs - b.atMs)
    .map((event, seq) => {
      const open = {
        seq,
        atMs: event.atMs,
        utc: new Date(Date.UTC(2026, 0, 1) + event.atMs + aheadMs(event.atMs)).toISOString(),
        type: event.type,
        data: event.data,
        prev,
      };
      const hash = hashEvent(open as never);
      prev = hash;
      return { ...open, hash } as TimelineEvent;
    });
}

/** Parameters of the faults that sketches name; what they mean is no concern of a measure. */
const faultParameters = { 'wipe-volume': z.strictObject({}), crash: z.strictObject({}) };
const [strategies, scenarios] = [strategySchema(), scenarioSchema(faultParameters)];
const restoreTests = restoreTestSchema();

/**
 * Puts in what follows from the sketch (the beginning, the ledger's size, counts of read-backs), sorts, and
 * closes the chain.
 */
export function seal(sketch: Sketch): Sealed {
  const strategy = strategies.parse(sketch.strategy);
  const scenario = (sketch.procedure ? restoreTests : scenarios).parse(sketch.scenario);
  const records = [...sketch.records].sort(
    (a, b) =>
      Number(a.kind === kinds.readback) - Number(b.kind === kinds.readback) ||
      a.invokedMs + a.durationMs - (b.invokedMs + b.durationMs),
  );
  const begun = {
    ...(sketch.procedure ? { procedure: sketch.procedure } : {}),
    drill: '7',
    seed: 7,
    muster: '0.1.0',
    originMonotonicMs: 1000,
    scenarioFile: 'drill.yaml',
    strategyFile: 'strategy.yaml',
    scenario,
    strategy,
    host: { os: 'Debian' },
  };
  const events: Sketch['events'] = [{ atMs: 0, type: 'drill.begun', data: begun }, ...sketch.events];
  const counted = (load: number, isReadBack: boolean): number =>
    records.reduce(
      (sum, record) => sum + Number(record.load === load && (record.kind === kinds.readback) === isReadBack),
      0,
    );
  const endOf = (load: number): number =>
    records.reduce(
      (latest, one) =>
        one.load === load && one.kind !== kinds.readback
          ? Math.max(latest, one.invokedMs + one.durationMs)
          : latest,
      0,
    );
  // A load waits for what is under way, and its records are written when it has ended.
  events.forEach((event, i) => {
    if (event.type === 'load.ended')
      events[i] = { ...event, atMs: Math.max(event.atMs, endOf(event.data.index)) };
  });
  for (const event of events) {
    if (event.type === 'load.ended') event.data.operations = counted(event.data.index, false);
    if (event.type === 'readback.ended' && event.data.records === -1)
      event.data.records = counted(event.data.index, true);
  }
  if (!events.some((event) => event.type === 'ledger.chunk') && records.length > 0)
    events.push({
      atMs: Math.max(
        28_150,
        ...events.map(({ type, atMs }) => (type === 'load.ended' || type === 'readback.ended' ? atMs : 0)),
      ),
      type: 'ledger.chunk',
      data: { offset: 0, bytes: records.length * recordBytes, sha256: '0'.repeat(64) },
    });
  return { events: chain(events, sketch.aheadMs), source: sourceOf(records) };
}

export function analyse(sketch: Sketch): LedgerAnalysis {
  const { events, source } = seal(sketch);
  return analyseLedger(source, events);
}

export function judgeSketch(sketch: Sketch, measures: Record<string, Measure> = registry): DrillResult {
  const { events, source } = seal(sketch);
  return judge({ events, ledger: analyseLedger(source, events), measures });
}
