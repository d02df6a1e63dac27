import type { DataClass } from '../../core/analysis.ts';
import { createResponseTimes } from '../../measures/response-times.ts';
import { flagContinues, flagWrong, kinds, outcomes, type LedgerRecord } from '../../core/ledger.ts';

/**
 * DESIGN §3's table read out loud, with no thought for speed: every record an object, every question asked of
 * all of them. Written from the table and not from the judge, so that the two can be held against each other.
 */
export interface Reference {
  classes: Record<string, number>;
  holes: number;
  lost: { before: number; after: number; oldestMs: number | null; newestMs: number | null };
  service: {
    right: number;
    wrong: number;
    failed: number;
    unknown: number;
    impactMs: number | null;
    correctMs: number | null;
  };
  beforeRecovery: {
    failedFromMs: number | null;
    rightSinceEffect: number;
    all: number;
    failed: number;
    timed: number;
  };
}

export interface Times {
  faultMs: number;
  /** The recovery began. */
  recoveryMs: number;
  boundaryMs: number;
  recoveredMs: number;
  endMs: number;
  neverReturn: boolean;
}

type Row = LedgerRecord & { endMs: number; value: string };

const absentValue = '0/0';

export function judgePlainly(records: readonly LedgerRecord[], times: Times): Reference {
  const rows = records.map(
    (record): Row => ({
      ...record,
      endMs: record.invokedMs + record.durationMs,
      value: record.kind === kinds.remove ? absentValue : `${record.low}/${record.high}`,
    }),
  );
  const ids = [...new Set(rows.filter((row) => row.kind !== kinds.answer).map((row) => row.id))];
  const classes: Record<string, number> = {};
  const lost: Row[] = [];
  const proven: Row[] = [];
  for (const id of ids) {
    const history = historyOf(rows, id);
    if (history.shown.length > 1) classes['duplicated'] = (classes['duplicated'] ?? 0) + 1;
    const found = classOf(history, times);
    if (found === null) continue;
    classes[found] = (classes[found] ?? 0) + 1;
    const last = lastAcked(history)!;
    if (found === 'lost' || found === 'stale') lost.push(last);
    if (found === 'survived' && history.shown.length > 0 && last.endMs < times.boundaryMs) proven.push(last);
  }
  const torn = tornGroups(rows);
  if (torn > 0) classes['torn'] = torn;
  const acks = lost.map((row) => row.endMs);
  // Some of what was acknowledged before the fault is gone, and nothing of it is there: an empty store is not
  // a recovered one.
  const survivors = ids
    .map((id) => historyOf(rows, id))
    .filter(
      (one) =>
        one.shown.length > 0 && classOf(one, times) === 'survived' && lastAcked(one)!.endMs < times.faultMs,
    );
  const empty = survivors.length === 0 && acks.some((ms) => ms < times.faultMs);
  return {
    classes,
    holes: lost.filter((gone) => proven.some((there) => gone.endMs < there.invokedMs)).length,
    lost: {
      before: acks.filter((ms) => ms < times.faultMs).length,
      after: acks.filter((ms) => ms >= times.faultMs).length,
      oldestMs: acks.length ? Math.min(...acks) : null,
      newestMs: acks.length ? Math.max(...acks) : null,
    },
    service: serviceOf(rows, empty ? { ...times, boundaryMs: Infinity } : times),
    beforeRecovery: beforeOf(rows, empty ? { ...times, boundaryMs: Infinity } : times),
  };
}

interface History {
  ops: Row[];
  shown: string[];
}

function historyOf(rows: readonly Row[], id: number): History {
  const own = rows.filter((row) => row.id === id);
  return {
    ops: own
      .filter((row) => row.kind === kinds.write || row.kind === kinds.remove)
      .sort((a, b) => a.invokedMs - b.invokedMs),
    shown: own.filter((row) => row.kind === kinds.readback).map((row) => row.value),
  };
}

const lastAcked = ({ ops }: History): Row | undefined =>
  ops.filter((op) => op.outcome === outcomes.ok).at(-1);

function classOf(history: History, times: Times): DataClass | null {
  const found = classByTable(history, times.neverReturn);
  return (found === 'lost' || found === 'stale') && lastAcked(history)!.invokedMs >= times.recoveredMs
    ? 'lost-after-recovery'
    : found;
}

function classByTable(history: History, neverReturn: boolean): DataClass | null {
  const { ops, shown } = history;
  const last = lastAcked(history);
  const value = shown[0] ?? absentValue;
  const unknowns = ops.filter((op) => op.outcome === outcomes.unknown).map((op) => op.value);
  if (shown.length === 0) {
    if (!last) return null;
    return last.kind === kinds.remove ? 'survived' : unknowns.includes(absentValue) ? 'recovered' : 'lost';
  }
  if (last?.kind === kinds.write && last.value === value) return 'survived';
  if (unknowns.includes(value)) return 'recovered';
  const writes = ops.filter((op) => op.kind === kinds.write);
  const older = writes.filter((op) => op.outcome === outcomes.ok && op.value === value).at(-1);
  const removedAfter =
    older &&
    ops.some(
      (op) => op.kind === kinds.remove && op.outcome === outcomes.ok && op.invokedMs > older.invokedMs,
    );
  if (older)
    return removedAfter && neverReturn ? 'resurrected' : last!.kind === kinds.remove ? 'lost' : 'stale';
  if (writes.some((op) => op.outcome === outcomes.fail && op.value === value)) return 'resurrected';
  if (last?.kind === kinds.remove && neverReturn) return 'resurrected';
  if (writes.length > 0) return 'corrupt';
  return last ? 'lost' : 'phantom';
}

/** Ids are told apart by the write that was last for them: the same group, in the same moment. */
function tornGroups(rows: readonly Row[]): number {
  const byLastWrite = new Map<string, History[]>();
  for (const id of new Set(rows.filter((row) => row.kind === kinds.write).map((row) => row.id))) {
    const history = historyOf(rows, id);
    const last = history.ops.filter((op) => op.outcome !== outcomes.fail).at(-1);
    if (last?.kind !== kinds.write) continue;
    const key = `${last.group} at ${last.invokedMs}`;
    byLastWrite.set(key, [...(byLastWrite.get(key) ?? []), history]);
  }
  return [...byLastWrite.values()].filter(isTorn).length;
}

function isTorn(members: readonly History[]): boolean {
  const newest = members.filter(
    ({ ops, shown }) => shown[0] === ops.filter((op) => op.outcome !== outcomes.fail).at(-1)!.value,
  ).length;
  if (newest > 0 && newest < members.length) return true;
  const pasts = new Set(
    members.map(({ ops }) => JSON.stringify(ops.map((op) => [op.kind, op.group, op.invokedMs]))),
  );
  const together = members[0]!.ops.every(
    (op) => op.kind === kinds.write && op.group === members[0]!.ops.at(-1)!.group,
  );
  const versions = new Set(
    members.map(({ ops, shown }) =>
      shown.length === 0
        ? 'nothing'
        : ops.findLastIndex((op) => op.kind === kinds.write && op.value === shown[0]),
    ),
  );
  return pasts.size === 1 && together && versions.size > 1;
}

function isRight(row: Row, rows: readonly Row[], { boundaryMs, recoveredMs }: Times): boolean {
  if (row.outcome !== outcomes.ok) return false;
  if (row.kind === kinds.answer) return (row.flags & flagWrong) === 0;
  if (row.kind !== kinds.read) return true;
  const { ops, shown } = historyOf(rows, row.id);
  const possible = ops.filter((op) => op.outcome !== outcomes.fail && op.invokedMs <= row.endMs);
  const known = possible.filter((op) => op.outcome === outcomes.ok && op.endMs <= row.invokedMs).at(-1);
  const legal = new Set<string>([known ? known.value : absentValue]);
  for (const op of possible)
    if (op.outcome === outcomes.unknown || op.endMs > row.invokedMs) legal.add(op.value);
  if (legal.has(row.value)) return true;
  if (row.endMs < boundaryMs) return false;
  if (
    ops.some((op) => op.outcome === outcomes.ok && op.invokedMs >= recoveredMs && op.endMs <= row.invokedMs)
  )
    return false;
  if ((shown[0] ?? absentValue) === row.value) return true;
  const acked = ops.filter((op) => op.outcome === outcomes.ok);
  const over = acked.find((op) => op.endMs >= Math.max(boundaryMs, row.invokedMs));
  if (!over) return false;
  const after = rows
    .filter(
      (other) =>
        other.kind === kinds.read &&
        other.id === row.id &&
        other.outcome === outcomes.ok &&
        other.endMs >= boundaryMs,
    )
    .sort((a, b) => a.invokedMs - b.invokedMs);
  const onceWritten = (seen: Row): boolean =>
    seen.value === absentValue ||
    ops.some((op) => op.outcome !== outcomes.fail && op.invokedMs <= seen.endMs && op.value === seen.value);
  const before = after.filter((other) => other.endMs <= over.invokedMs).at(-1);
  // Nobody looked before it was written again: whoever overlapped that write, and did not see it yet, did.
  const seen =
    before ??
    after.find((other) => other.invokedMs <= over.endMs && other.value !== over.value && onceWritten(other));
  return seen !== undefined && seen.value === row.value && onceWritten(seen);
}

interface Call {
  row: Row;
  right: boolean;
}

const callsOf = (rows: readonly Row[], times: Times): Call[] =>
  rows
    .filter((row) => row.kind !== kinds.readback && !(row.kind === kinds.write && row.flags & flagContinues))
    .map((row) => ({ row, right: isRight(row, rows, times) }));

/** By what was broken: over before anybody acted, or under way by then for longer than is usual. */
function beforeOf(rows: readonly Row[], times: Times): Reference['beforeRecovery'] {
  const calls = callsOf(rows, times);
  const usual = createResponseTimes(1);
  for (const { row, right } of calls) if (right && row.endMs < times.faultMs) usual.add(0, row.durationMs);
  const usualMs = usual.within(0, usual.count(0) < 100 ? 0.9 : 0.99) ?? 0;
  const asked = calls.filter(({ row }) => row.invokedMs < times.recoveryMs);
  const failed = asked.filter(
    ({ row, right }) =>
      !right && row.endMs >= times.faultMs && Math.min(row.endMs, row.invokedMs + usualMs) < times.recoveryMs,
  );
  const firstOf = (some: readonly Call[]): number | null =>
    some.length > 0 ? Math.min(...some.map(({ row }) => row.invokedMs)) : null;
  const failedFromMs = firstOf(failed);
  const right = asked.filter((call) => call.right);
  const counted = [...right, ...failed].filter(
    ({ row }) => row.invokedMs >= Math.max(times.faultMs, failedFromMs ?? times.faultMs),
  );
  return {
    failedFromMs,
    rightSinceEffect: right.filter(({ row }) => row.invokedMs >= times.faultMs).length,
    all: counted.length,
    failed: counted.filter((call) => !call.right).length,
    timed: counted.filter(({ row }) => row.outcome !== outcomes.fail).length,
  };
}

function serviceOf(rows: readonly Row[], times: Times): Reference['service'] {
  const calls = callsOf(rows, times);
  const seen = calls.filter(({ row }) => row.endMs <= times.endMs);
  const settledMs = Math.max(-1, ...seen.filter(({ right }) => !right).map(({ row }) => row.endMs));
  const calm = seen.filter(({ row }) => row.endMs > settledMs).map(({ row }) => row.endMs);
  const windowMs = settledMs === -1 ? times.faultMs : Math.min(Infinity, ...calm);
  // Asked for while it was watched, in the last run of right answers, and failed after that.
  const late = calls.filter(
    ({ row, right }) =>
      !right &&
      row.endMs > times.endMs &&
      row.endMs - row.durationMs <= times.endMs &&
      row.endMs - row.durationMs >= windowMs,
  );
  const asked = [...seen, ...late];
  const failures = asked.filter(({ right }) => !right).map(({ row }) => row.endMs);
  const after = failures.filter((ms) => ms >= times.faultMs);
  const run = asked
    .filter(({ row, right }) => right && row.endMs > Math.max(-1, ...failures))
    .map(({ row }) => row.endMs);
  const steady = after.length > 0 && run.length >= 20 && Math.max(...run) - Math.min(...run) >= 2_000;
  const count = (outcome: number): number => asked.filter(({ row }) => row.outcome === outcome).length;
  return {
    right: asked.filter(({ right }) => right).length,
    wrong: asked.filter(({ row, right }) => row.outcome === outcomes.ok && !right).length,
    failed: count(outcomes.fail),
    unknown: count(outcomes.unknown),
    impactMs: after.length > 0 ? Math.min(...after) : null,
    correctMs: steady ? Math.min(...run) : null,
  };
}
