import type { Check, CheckOutcome } from '../../core/driver.ts';
import { messageOf } from '../../core/errors.ts';
import type { Json } from '../../core/timeline.ts';
import type { Comparison } from './inventory-differences.ts';
import { lostInWords, type LeftOutCompared } from './left-out.ts';

export const shownDifferences = 5;
const shownRemarks = 8;

export const listed = (all: readonly string[], most: number): string =>
  `${all.slice(0, most).join('; ')}${all.length > most ? ` (and ${all.length - most} more)` : ''}`;

const asJson = (value: object): Json => JSON.parse(JSON.stringify(value)) as Json;

/** How one technology takes stock, and compares. All reject with the server's errors. */
export interface Inventories<Before, Last> {
  /** Connects where clients go, and asks nothing. */
  reach(): Promise<unknown>;
  take(): Promise<Before>;
  /** A short look, for what may rightly have changed since. */
  lookJustBefore(): Promise<Last>;
  compare(before: Before, justBefore: Last | null): Promise<CheckOutcome>;
  /** Null for an error that is not the server's own. */
  serverCode(error: unknown): string | null;
}

/** Everything before the load against everything after the recovery. */
export const inventoryCheck = <Before extends object, Last extends object>({
  reach,
  take,
  lookJustBefore,
  compare,
  serverCode,
}: Inventories<Before, Last>): Check => ({
  before: async () => asJson(await take()),
  justBefore: async () => asJson(await lookJustBefore()),
  after: async (baseline, _brokenAtMs, justBefore): Promise<CheckOutcome> => {
    if (baseline === null)
      return { verdict: 'inconclusive', detail: 'no inventory was taken before', facts: null };
    try {
      await reach();
    } catch (error) {
      const detail = `the server cannot be reached: ${messageOf(error)}`;
      if (serverCode(error) === null)
        return { verdict: 'inconclusive', detail, facts: null, ...(isNobody(error) ? { nobody: true } : {}) };
    }
    try {
      return await compare(baseline as unknown as Before, (justBefore ?? null) as unknown as Last | null);
    } catch (error) {
      // What the server itself refuses to read is a finding; a server that cannot be reached is none.
      const code = serverCode(error);
      return {
        verdict: code ? 'fail' : 'inconclusive',
        detail: `the inventory cannot be taken: ${messageOf(error)}`,
        facts: { code },
      };
    }
  },
});

/**
 * Nobody took the connection, or nobody was behind who did. Whatever else went wrong, as with TLS or
 * in time, somebody may be there. pg says of a connection that was closed nothing but a text.
 */
function isNobody(error: unknown): boolean {
  if (error instanceof AggregateError) return error.errors.every(isNobody);
  const { code } = error as { code?: unknown };
  return typeof code === 'string'
    ? unanswered.includes(code)
    : messageOf(error) === 'Connection terminated unexpectedly';
}
const unanswered = [
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'PROTOCOL_CONNECTION_LOST',
];

/** Red for locks that stay; null where there are none. `held`: in words. */
export const lockedOutcome = (held: readonly string[]): CheckOutcome | null =>
  held.length === 0
    ? null
    : {
        verdict: 'fail',
        gone: [...held],
        detail: listed(held, shownDifferences),
        facts: { differences: [...held] },
      };

/**
 * What lies where all is left out as Muster's own, and is not: nobody looked at it. `key`: by which the
 * strategy says where that is. Null where there is no such thing.
 */
export function strangersDoubt(
  before: readonly string[],
  now: readonly string[],
  key: string,
): string | null {
  const all = [...new Set([...before, ...now])];
  return all.length === 0
    ? null
    : `${listed(all, shownDifferences)} lie where Muster leaves out all as its own (${key}), and are an application's: nothing shows what became of them`;
}

/** What was compared. `counts`: how much of everything there is now. */
export interface Compared extends Comparison {
  counts: Record<string, number> & { tables: number };
  facts?: Record<string, Json>;
  rowsBefore: number;
  /** What is of no use to an application, in words. */
  gone(): string[];
  /** What came before the differences, in words. */
  since?: string;
  /** Of tables whose rows are not compared. */
  leftOut?: LeftOutCompared;
  /** Why a pass would prove nothing, where that is so; `said`: the remarks, in words. */
  doubt?(said: string): Pick<CheckOutcome, 'detail' | 'nothing'> | null;
  /** What a pass rests on, in words. */
  asBefore: string;
}

/**
 * Red for any difference; inconclusive where no row could have been missed, where a table whose rows are not
 * compared lost too many, or for `doubt` or `untold`.
 */
export function outcomeOf(compared: Compared): CheckOutcome {
  const { differences, leftOut, untold, counts, rowsBefore, since = '', asBefore } = compared;
  const remarks = [...(leftOut?.remarks ?? []), ...compared.remarks];
  const facts = {
    ...counts,
    differences,
    remarks,
    ...(untold.length > 0 ? { untold } : {}),
    ...(leftOut && leftOut.remarks.length > 0 ? { leftOut: leftOut.facts } : {}),
    ...compared.facts,
  };
  const beside = remarks.length > 0 ? `. Beside that: ${listed(remarks, shownRemarks)}` : '';
  const doubtful = untold.length > 0 ? listed(untold, shownDifferences) : null;
  const said = doubtful === null ? beside : `. Cannot be told: ${doubtful}${beside}`;
  if (differences.length > 0)
    return {
      verdict: 'fail',
      gone: compared.gone(),
      detail: `${since}${listed(differences, shownDifferences)}${said}`,
      facts,
    };
  if (leftOut && leftOut.lost.length > 0)
    return { verdict: 'inconclusive', detail: `${lostInWords(leftOut.lost)}${said}`, facts };
  const doubt = compared.doubt?.(said) ?? null;
  if (doubt) return { verdict: 'inconclusive', ...doubt, facts };
  if (rowsBefore === 0)
    return {
      verdict: 'inconclusive',
      detail: `0 rows of ${counts.tables} tables were compared: none could have been missed. ${filledBy}${said}`,
      facts,
      nothing: true,
    };
  if (doubtful !== null)
    return { verdict: 'inconclusive', detail: `${doubtful}; the rest is as before${beside}`, facts };
  return { verdict: 'pass', detail: `${asBefore} are as before${said}`, facts };
}

/** Where rows come from, for who has none. */
const filledBy =
  "A drill's server begins empty, unless something fills it: scripts of its image, the scenario's seed, or a copy of its folder (mounts in the strategy)";

export const size = (of: object): number => Object.keys(of).length;
export const rowsOf = ({ tables }: { tables: Record<string, { rows: number }> }): number =>
  Object.values(tables).reduce((sum, table) => sum + table.rows, 0);
