import { flagContinues, kinds, recordBytes, type LedgerSource } from '../core/ledger.ts';
import { eventsOf, type TimelineEvent } from '../core/timeline.ts';
import type { DeclaredLoad } from './drill-times.ts';
import type { TimeBounds } from './ledger-times.ts';
import { flawOf } from './ledger-record.ts';

const windowsPerPage = 64;
const idsTotal = 2 ** 32;

/** How many records lie where, so that a judge can take ids in ranges of bounded size. */
export interface LoadSurvey {
  records: number;
  readbacks: number;
  /** Records about data (writes, removals, reads, read-backs) per window of ids, 64 windows a page. */
  pages: Map<number, Uint32Array>;
  lastAckMs: number;
  firstReadbackMs: number;
}

export interface Survey {
  loads: Map<number, LoadSurvey>;
  records: number;
  /** null when all records make sense. */
  damage: string | null;
}

/** Ids from..to (exclusive), with so many records about data. */
export interface IdRange {
  from: number;
  to: number;
  records: number;
}

/**
 * One pass: counts, and looks whether every record is one. `idsPerWindow` is a power of two, from 16 to
 * 1024.
 */
export function surveyLedger(
  source: LedgerSource,
  loads: readonly DeclaredLoad[],
  idsPerWindow: number,
  bounds: TimeBounds,
): Survey {
  const byIndex: (LoadSurvey | undefined)[] = [];
  for (const { index } of loads)
    byIndex[index] = {
      records: 0,
      readbacks: 0,
      pages: new Map(),
      lastAckMs: -Infinity,
      firstReadbackMs: Infinity,
    };
  const shift = Math.log2(idsPerWindow);
  const survey: Survey = {
    loads: new Map(loads.map(({ index }) => [index, byIndex[index]!])),
    records: 0,
    damage: null,
  };
  const calls = watchCalls();
  for (const chunk of source.chunks()) {
    const view = new DataView(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    if (chunk.byteLength % recordBytes !== 0)
      survey.damage ??= `the ledger is cut off inside record ${survey.records + Math.floor(chunk.byteLength / recordBytes)}`;
    for (let at = 0; at + recordBytes <= chunk.byteLength; at += recordBytes) {
      const load = byIndex[view.getUint8(at)];
      const wrong = load
        ? (flawOf(view, at) ?? calls(view, at) ?? timeFlaw(bounds, view, at, survey.records))
        : `names load ${view.getUint8(at)}, which never began`;
      if (wrong) survey.damage ??= `record ${survey.records} ${wrong}`;
      else count(load!, view, at, shift);
      survey.records += 1;
    }
  }
  return survey;
}

const timeFlaw = (bounds: TimeBounds, view: DataView, at: number, record: number): string | null =>
  bounds.contradicts(
    view.getUint8(at),
    view.getUint8(at + 1),
    record * recordBytes,
    view.getFloat64(at + 16, true),
    view.getFloat32(at + 12, true),
  );

/**
 * A record that goes on with a call of the client, and is counted with it, follows one of the same call: a
 * load writes them down together.
 */
function watchCalls(): (view: DataView, at: number) => string | null {
  let [load, kind, outcome, group, invokedMs, durationMs] = [-1, -1, -1, -1, -1, -1];
  return (view, at) => {
    const continues = view.getUint8(at + 1) === kinds.write && (view.getUint8(at + 3) & flagContinues) !== 0;
    const isSame =
      view.getUint8(at) === load &&
      view.getUint8(at + 1) === kind &&
      view.getUint8(at + 2) === outcome &&
      view.getUint32(at + 8, true) === group &&
      view.getFloat64(at + 16, true) === invokedMs &&
      view.getFloat32(at + 12, true) === durationMs;
    load = view.getUint8(at);
    kind = view.getUint8(at + 1);
    outcome = view.getUint8(at + 2);
    group = view.getUint32(at + 8, true);
    invokedMs = view.getFloat64(at + 16, true);
    durationMs = view.getFloat32(at + 12, true);
    return continues && !isSame ? 'goes on with a call that the record before it is not of' : null;
  };
}

function count(load: LoadSurvey, view: DataView, at: number, shift: number): void {
  const kind = view.getUint8(at + 1);
  load.records += 1;
  if (kind === kinds.answer) return;
  const id = view.getUint32(at + 4, true);
  const window = id >>> shift;
  const invokedMs = view.getFloat64(at + 16, true);
  if (kind === kinds.readback) {
    load.readbacks += 1;
    if (invokedMs < load.firstReadbackMs) load.firstReadbackMs = invokedMs;
  } else if (kind !== kinds.read && view.getUint8(at + 2) === 0) {
    const endedMs = invokedMs + view.getFloat32(at + 12, true);
    if (endedMs > load.lastAckMs) load.lastAckMs = endedMs;
  }
  const pageNumber = Math.floor(window / windowsPerPage);
  let page = load.pages.get(pageNumber);
  if (!page) load.pages.set(pageNumber, (page = new Uint32Array(windowsPerPage)));
  const slot = window % windowsPerPage;
  page[slot] = page[slot]! + 1;
}

/**
 * Neighbouring windows together up to so many records; a window is never split. Together the ranges hold
 * every record.
 */
export function planRanges(load: LoadSurvey, recordsPerRange: number, idsPerWindow: number): IdRange[] {
  const ranges: IdRange[] = [];
  let open: IdRange | null = null;
  for (const pageNumber of [...load.pages.keys()].sort((a, b) => a - b)) {
    const page = load.pages.get(pageNumber)!;
    for (let slot = 0; slot < windowsPerPage; slot += 1) {
      const records = page[slot]!;
      if (records === 0) continue;
      const from = (pageNumber * windowsPerPage + slot) * idsPerWindow;
      const to = Math.min(idsTotal, from + idsPerWindow);
      if (open && open.records + records <= recordsPerRange) {
        open.to = to;
        open.records += records;
      } else ranges.push((open = { from, to, records }));
    }
  }
  return ranges;
}

/**
 * What contradicts the timeline: sizes, counts, and a load that went on while it was read back. Null when
 * nothing does.
 */
export function contradictionOf(
  survey: Survey,
  source: LedgerSource,
  loads: readonly DeclaredLoad[],
  events: readonly TimelineEvent[],
): string | null {
  if (survey.records !== source.records)
    return `the ledger holds ${survey.records} records where ${source.records} were announced`;
  const bytes = eventsOf(events, 'ledger.chunk').reduce((sum, { data }) => sum + data.bytes, 0);
  if (bytes !== survey.records * recordBytes)
    return `the ledger holds ${survey.records * recordBytes} bytes, the timeline vouches for ${bytes}`;
  for (const load of loads) {
    const seen = survey.loads.get(load.index)!;
    if (load.readBackRecords !== null && load.readBackRecords !== seen.readbacks)
      return `load ${load.load}: ${seen.readbacks} values read back are in the ledger, the timeline says ${load.readBackRecords}`;
    const operations =
      eventsOf(events, 'load.ended').find(({ data }) => data.index === load.index)?.data.operations ?? null;
    if (operations !== null && operations !== seen.records - seen.readbacks)
      return `load ${load.load}: ${seen.records - seen.readbacks} operations are in the ledger, the timeline says ${operations}`;
    if (load.readBack && seen.lastAckMs > seen.firstReadbackMs)
      return `load ${load.load} was still being written when its read-back began`;
  }
  return null;
}
