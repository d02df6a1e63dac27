import type { PlainFile } from '../../core/backup.ts';
import { environmentError, inputError } from '../../core/errors.ts';
import { scanBinlog, type Transaction } from './binlog-scan.ts';
import { gtidSet, type GtidSet } from './gtid.ts';
import type { Gtids } from './product.ts';
import type { Until } from './stops.ts';

export interface ReplayPlan {
  /** In order, each with how much of it is to be read. */
  files: { name: string; path: string; bytes: number }[];
  /** Where in the first file to begin; null: what is in the base is told by its GTIDs. */
  start: number | null;
  /** Transactions that are not in the base and come before the target. */
  transactions: number;
  gtids: GtidSet;
  /** The last of each source. */
  lasts: Map<string, string>;
  last: { gtid: string; utc: string } | null;
  /** The transaction that replay stops before; null when it goes to the end of the log. */
  stoppedBefore: { gtid: string; utc: string; statement: string | null } | null;
  /** What was cut off at the end of the last file. */
  cutBytes: number;
}

/**
 * What a restored base holds, and where the log stood when it was taken. `byPlace`: that place tells what is
 * in the base, as it must without GTIDs.
 */
export type LogBase = { gtids: GtidSet | null } & (
  | { byPlace: true; at: LogPlace }
  | { byPlace: false; at: LogPlace | null }
);
export interface LogPlace {
  file: string;
  position: number;
}

/**
 * Reads the whole log as far as the target and decides what to replay, before anything is touched.
 * Environment error with the reason when the log does not begin where the base ends, has a gap, is damaged,
 * or does not hold the target.
 */
export async function planReplay(
  files: readonly PlainFile[],
  base: LogBase,
  until: Until,
  kind: Pick<Gtids, 'parse' | 'cumulative'>,
): Promise<ReplayPlan> {
  const { gtids, at } = base;
  const ordered = logFiles(files);
  const stops = stopFor(until, kind);
  refuseIfInBase(until, gtids, kind);
  if (base.byPlace) assertHolds(ordered, base.at);
  const plan: ReplayPlan = {
    files: [],
    start: base.byPlace ? base.at.position : null,
    transactions: 0,
    gtids: gtidSet(),
    lasts: new Map(),
    last: null,
    stoppedBefore: null,
    cutBytes: 0,
  };
  const known = gtidSet();
  let reached = { file: '', bytes: 0 };
  for (const [index, file] of ordered.entries()) {
    const before = plan.transactions;
    const end = await scanBinlog(
      file.path,
      file.name,
      {
        onPrevious: (previous) => {
          if (gtids !== null) assertFollows(previous, gtids, known, file.name);
          known.addAll(previous);
        },
        onTransaction: (transaction) =>
          take(
            plan,
            { transaction, file: file.name, inBase: isInBase(base, transaction, file.name) },
            { known, cumulative: kind.cumulative },
            (one) => stops(one, file.name),
          ),
      },
      gtids === null,
    );
    if (end.insideEvent && index < ordered.length - 1)
      throw environmentError(`${file.name} is cut off in the middle of the log`, {
        found: `${end.cutBytes} bytes of an event that is not whole`,
        expected: 'whole files before the last one',
      });
    // Files that the base holds already are left out; where positions count, the first one is that of the
    // base.
    if (plan.transactions > before || (base.byPlace && numberOf(file.name) >= numberOf(base.at.file)))
      plan.files.push({ name: file.name, path: file.path, bytes: end.soundBytes });
    if (plan.stoppedBefore) return plan;
    plan.cutBytes = end.cutBytes;
    reached = { file: file.name, bytes: end.soundBytes };
  }
  assertReached(plan, at, until, reached);
  return plan;
}

/** Files in the order of their numbers. A number that is missing is a gap, whatever the GTIDs say. */
function logFiles(files: readonly PlainFile[]): PlainFile[] {
  const numbered = files.map((file) => ({ file, number: numberOf(file.name) }));
  const other = numbered.find(({ number }) => Number.isNaN(number));
  if (other)
    throw environmentError('the log holds a file that is no binary log', {
      found: other.file.name,
      expected: 'names such as binlog.000012',
    });
  if (numbered.length === 0)
    throw environmentError('the log is empty', {
      found: 'no file',
      expected: 'the file that was written when the base was taken',
    });
  numbered.sort((a, b) => a.number - b.number);
  for (const [i, { file, number }] of numbered.entries()) {
    const before = numbered[i - 1];
    if (before && number !== before.number + 1)
      throw gap(`file ${before.number + 1} is absent`, `${before.file.name}, then ${file.name}`);
  }
  return numbered.map(({ file }) => file);
}

const numberOf = (file: string): number => Number(/\.(\d+)$/.exec(file)?.[1] ?? Number.NaN);

const gap = (message: string, found: string): Error =>
  environmentError(`the log has a gap: ${message}`, {
    found,
    expected: 'every transaction since the base',
    hint: 'restore a newer base, or stop before the gap',
  });

/** A file must begin where what is known ends. */
function assertFollows(previous: GtidSet, base: GtidSet, known: GtidSet, name: string): void {
  const missing = previous.without(base).without(known);
  if (!missing.isEmpty())
    throw gap(
      `${missing.count()} transactions before ${name} are neither in the base nor in the log`,
      missing.toString(),
    );
}

const isInBase = (base: LogBase, { source, number, end }: Transaction, file: string): boolean =>
  base.byPlace ? !isBefore(base.at, { file, position: end }) : base.gtids!.has(source, number);

/** A log without GTIDs says nothing of what came before it: the file of the base must be there. */
function assertHolds(ordered: readonly PlainFile[], { file, position }: LogPlace): void {
  if (ordered.some(({ name }) => name === file)) return;
  throw gap(
    `${file} is absent`,
    `${ordered[0]!.name} to ${ordered.at(-1)!.name}; the base was taken at ${file}:${position}`,
  );
}

interface Met {
  transaction: Transaction;
  file: string;
  inBase: boolean;
}

function take(
  plan: ReplayPlan,
  { transaction, file, inBase }: Met,
  { known, cumulative }: { known: GtidSet; cumulative: boolean },
  stops: (one: Transaction) => boolean,
): boolean {
  const { source, number, begin, committedMs } = transaction;
  const gtid = source === '' ? `${file}:${begin}` : transaction.gtid;
  const from = cumulative ? 1 : number;
  const utc = new Date(committedMs).toISOString();
  if (inBase) {
    if (source !== '') known.add(source, from, number);
    return true;
  }
  if (stops(transaction)) {
    plan.stoppedBefore = {
      gtid,
      utc,
      statement: transaction.statements.find((text) => !/^BEGIN$/i.test(text))?.slice(0, 300) ?? null,
    };
    return false;
  }
  if (source !== '') {
    known.add(source, from, number);
    plan.gtids.add(source, from, number);
    plan.lasts.set(source, gtid);
  }
  plan.transactions += 1;
  plan.last = { gtid, utc };
  return true;
}

function stopFor(
  until: Until,
  { parse }: Pick<Gtids, 'parse'>,
): (transaction: Transaction, file: string) => boolean {
  if (until === 'latest') return () => false;
  if ('beforeGtid' in until) {
    const wanted = parse(until.beforeGtid)!;
    return ({ source, number }) => source === wanted.source && number === wanted.number;
  }
  if ('beforeStatement' in until) {
    const pattern = new RegExp(until.beforeStatement, 'i');
    return ({ statements }) => statements.some((text) => pattern.test(text));
  }
  if ('beforeTime' in until) {
    const untilMs = Date.parse(until.beforeTime);
    // Of one whose second alone is known nobody can say that it came before.
    return ({ committedMs, withinMs }) => committedMs + withinMs >= untilMs;
  }
  const { file: last, position } = until.beforePosition;
  return ({ end }, file) => (file === last ? end > position : numberOf(file) > numberOf(last));
}

function refuseIfInBase(until: Until, base: GtidSet | null, { parse }: Pick<Gtids, 'parse'>): void {
  if (until === 'latest' || !('beforeGtid' in until)) return;
  const { beforeGtid } = until;
  if (base === null)
    throw inputError('a log without GTIDs cannot be replayed up to one', {
      found: beforeGtid,
      expected: 'beforeStatement, beforeTime or beforePosition',
      hint: 'or gtid_mode=ON on the server',
    });
  const wanted = parse(beforeGtid)!;
  if (!base.has(wanted.source, wanted.number)) return;
  throw environmentError(`the base already holds ${beforeGtid}`, {
    found: base.toString(),
    expected: 'a base from before it',
    hint: 'restore an older recovery point',
  });
}

/** The end of the log was reached without meeting the target. */
function assertReached(
  plan: ReplayPlan,
  at: LogPlace | null,
  until: Until,
  { file, bytes }: { file: string; bytes: number },
): void {
  const reached = { file, bytes, position: bytes };
  if (at && isBefore(reached, at))
    throw gap(
      'it ends before the base does',
      `it ends at ${reached.file}:${reached.bytes}, the base was taken at ${at.file}:${at.position}`,
    );
  const last = `the log ends with ${plan.last?.gtid ?? 'the base'}`;
  if (until === 'latest') return;
  if ('beforeGtid' in until)
    throw environmentError('the log does not hold the transaction to stop before', {
      found: last,
      expected: until.beforeGtid,
    });
  if ('beforeStatement' in until)
    throw environmentError('no statement in the log matches', {
      found: `${plan.transactions} transactions after the base, none of them`,
      expected: until.beforeStatement,
    });
  if (!('beforePosition' in until) || !isBefore(reached, until.beforePosition)) return;
  throw environmentError('the log does not reach the position to stop before', {
    found: `${reached.file}:${reached.bytes}`,
    expected: `${until.beforePosition.file}:${until.beforePosition.position}`,
  });
}

export const isBefore = (reached: LogPlace, wanted: LogPlace): boolean =>
  numberOf(reached.file) < numberOf(wanted.file) ||
  (reached.file === wanted.file && reached.position < wanted.position);
