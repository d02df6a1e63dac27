import { createReadStream } from 'node:fs';
import { environmentError } from '../../core/errors.ts';
import {
  createEventReader,
  eventTypes,
  gtidListOf,
  gtidOf,
  gtidOfDomain,
  NotABinlog,
  previousGtidsOf,
  statementOf,
  type BinlogEvent,
} from './binlog-events.ts';
import { gtidSet, type GtidSet } from './gtid.ts';

export interface Transaction {
  /** Empty where it has no GTID: `gtid_mode=OFF`. */
  source: string;
  number: number;
  /** As the server writes it; empty like the source. */
  gtid: string;
  begin: number;
  end: number;
  /** Milliseconds since 1970 at which it was committed, and by how much that may have been later. */
  committedMs: number;
  withinMs: number;
  statements: string[];
}

export interface FileEnd {
  /** Where the last whole transaction, or what comes before the first, ends. */
  soundBytes: number;
  /** Bytes after that: an event or a transaction that was cut off. */
  cutBytes: number;
  /** The last event is not whole, as opposed to a transaction whose end is missing. */
  insideEvent: boolean;
}

const statementBytes = 4_096;

export interface Visitor {
  onPrevious(set: GtidSet): void;
  onTransaction(transaction: Transaction): boolean;
}

/**
 * Walks one file: `onPrevious` once, then `onTransaction` for each whole transaction in order until it
 * returns false. Environment error for a file that is no binary log, is damaged in the middle, or, unless
 * `anonymous`, has what cannot be followed by GTID.
 */
export async function scanBinlog(
  path: string,
  name: string,
  visit: Visitor,
  anonymous = false,
): Promise<FileEnd> {
  const walk = walkBinlog(name, visit, anonymous);
  // Gone with the loop, however that ends.
  for await (const chunk of createReadStream(path, { highWaterMark: 1024 * 1024 })) {
    if (!walk.take(chunk as Buffer)) break;
  }
  return walk.end();
}

/** The same of bytes that come from anywhere, piece by piece in order, until `take` gives false. */
export function walkBinlog(
  name: string,
  visit: Visitor,
  anonymous: boolean,
): { take(chunk: Buffer): boolean; end(): FileEnd } {
  const reader = createEventReader();
  const state: ScanState = { name, anonymous, open: null, soundBytes: 0, visit };
  let bytes = 0;
  let enough = false;
  const take = (chunk: Buffer): boolean => {
    bytes += chunk.length;
    try {
      for (const event of reader.push(chunk)) {
        enough = !takeEvent(state, event);
        if (enough) return false;
      }
    } catch (error) {
      // An event that is shorter than what belongs into it reads past its own end.
      if (error instanceof NotABinlog || error instanceof RangeError)
        throw environmentError(`${name} is damaged`, {
          found: error.message,
          expected: 'a binary log',
          cause: error,
        });
      throw error;
    }
    return true;
  };
  const end = (): FileEnd =>
    enough
      ? { soundBytes: state.soundBytes, cutBytes: 0, insideEvent: false }
      : {
          soundBytes: state.soundBytes,
          cutBytes: bytes - state.soundBytes,
          insideEvent: reader.pending() > 0,
        };
  return { take, end };
}

interface ScanState {
  name: string;
  anonymous: boolean;
  open: (Transaction & { begun: boolean }) | null;
  soundBytes: number;
  visit: Visitor;
}

/** Takes one event; false when the visitor has seen enough. */
function takeEvent(state: ScanState, event: BinlogEvent): boolean {
  if (!event.sound)
    throw environmentError(`${state.name} is damaged`, {
      found: `an event at ${event.begin} whose checksum is wrong`,
      expected: 'a log as the server wrote it',
    });
  if (event.type === eventTypes.previousGtids) state.visit.onPrevious(previousOf(state, event));
  if (event.type === eventTypes.gtidList) {
    const set = gtidSet();
    for (const { source, number } of gtidListOf(event)) set.add(source, 1, number);
    state.visit.onPrevious(set);
  }
  if (event.type === eventTypes.gtidOfDomain) {
    const { alone, ...named } = gtidOfDomain(event);
    state.open = {
      ...named,
      begin: event.begin,
      end: event.end,
      committedMs: event.seconds * 1000,
      withinMs: 999,
      statements: [],
      // Its GTID is its BEGIN.
      begun: !alone,
    };
    return true;
  }
  if (event.type === eventTypes.gtid || (event.type === eventTypes.anonymous && state.anonymous)) {
    const { source, number, commitMicros } =
      event.type === eventTypes.gtid ? gtidOf(event) : { ...gtidOf(event), source: '', number: 0 };
    state.open = {
      source,
      number,
      gtid: source === '' ? '' : `${source}:${number}`,
      begin: event.begin,
      end: event.end,
      committedMs: commitMicros === null ? event.seconds * 1000 : commitMicros / 1000,
      withinMs: commitMicros === null ? 999 : 0,
      statements: [],
      begun: false,
    };
    return true;
  }
  if (event.type === eventTypes.anonymous || event.type === eventTypes.gtidTagged) {
    const kind = event.type === eventTypes.anonymous ? 'a transaction without GTID' : 'a tagged GTID';
    throw environmentError(`${state.name} cannot be followed`, {
      found: `${kind} at ${event.begin}`,
      expected: 'gtid_mode=ON and plain GTIDs throughout',
    });
  }
  if (state.open === null) {
    state.soundBytes = event.end;
    return true;
  }
  return !ends(state.open, event) || deliver(state, event);
}

function deliver(state: ScanState, event: BinlogEvent): boolean {
  const { begun: _, ...transaction } = state.open!;
  state.open = null;
  // Left out when the visitor stops here: replay ends before this transaction.
  if (!state.visit.onTransaction({ ...transaction, end: event.end })) return false;
  state.soundBytes = event.end;
  return true;
}

/**
 * Whether this event completes the transaction: a commit, or a definition, which is a transaction of its own.
 */
function ends(open: NonNullable<ScanState['open']>, event: BinlogEvent): boolean {
  if (
    event.type === eventTypes.xid ||
    event.type === eventTypes.xaPrepare ||
    event.type === eventTypes.payload
  )
    return true;
  if (event.type === eventTypes.rowsQuery || event.type === eventTypes.annotate)
    open.statements.push(statementOf(event).slice(0, statementBytes));
  if (event.type !== eventTypes.query && event.type !== eventTypes.queryCompressed) return false;
  const statement = statementOf(event);
  open.statements.push(statement.slice(0, statementBytes));
  if (open.begun) return /^(COMMIT|ROLLBACK(?!\s+TO)|XA\s+(PREPARE|COMMIT|ROLLBACK))\b/i.test(statement);
  open.begun = true;
  // CREATE TABLE ... SELECT is one transaction of a definition and rows, marked at its end.
  return !/^(BEGIN|XA\s+START)\b/i.test(statement) && !/\bSTART TRANSACTION$/i.test(statement);
}

function previousOf(state: ScanState, event: BinlogEvent): GtidSet {
  const intervals = previousGtidsOf(event);
  if (intervals === null)
    throw environmentError(`${state.name} cannot be followed`, {
      found: 'tagged GTIDs',
      expected: 'plain GTIDs',
    });
  const set = gtidSet();
  for (const { source, from, to } of intervals) set.add(source, from, to);
  return set;
}
