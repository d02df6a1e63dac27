import type { CheckOutcome } from '../../core/check-outcome.ts';
import type { Json } from '../../core/timeline.ts';

export const shownWrong = 8;
const keptWrong = 50;

/** What came of asking each table of what came back for its rows. */
export interface LookedAt {
  tables: number;
  /** Those that hold a row. */
  holding: number;
  /** Their data lies elsewhere, or the account may not read them: by name. */
  unseen: string[];
  /** In words, what cannot be read. */
  wrong: string[];
  /** Each was read to its end, and not only asked for a row. */
  whole: boolean;
  /** The server went away over it: nothing more can be asked. */
  isGone: boolean;
}

/** Of no table yet. */
export const nothingLookedAt = (tables: number, whole: boolean): LookedAt => ({
  ...{ tables, holding: 0, unseen: [], wrong: [], whole, isGone: false },
});

/** Red: what came back is empty. */
const noRowAtAll = (tables: number, facts: Json): CheckOutcome => ({
  verdict: 'fail',
  detail: `not one row is in any of its ${tables} tables`,
  facts,
});

/** What else is told of what came back, and makes nothing red. */
export interface Beside {
  /** Views of which nobody can say whether they can be read here, by name. */
  unseen: string[];
  /** In words, what is as it was where the backup was made. */
  told: string[];
}

/**
 * Red where a table cannot be read, where none holds a row, or where something that is defined cannot be used
 * (`wrong`, in words).
 */
export function usableOutcome(
  looked: LookedAt,
  wrong: readonly string[],
  beside: Beside = { unseen: [], told: [] },
): CheckOutcome {
  const { tables, holding, unseen, whole } = looked;
  const all = [...looked.wrong, ...wrong];
  const facts = {
    ...{ tables, holding, whole },
    wrong: all.slice(0, keptWrong),
    unseen: [...unseen, ...beside.unseen].slice(0, keptWrong),
    ...(beside.told.length === 0 ? {} : { told: beside.told.slice(0, keptWrong) }),
  };
  if (all.length > 0) return { verdict: 'fail', detail: all.slice(0, shownWrong).join('; '), facts };
  if (tables > 0 && unseen.length >= tables)
    return { verdict: 'inconclusive', detail: `none of its ${tables} tables could be looked at`, facts };
  if (holding === 0) return noRowAtAll(tables, facts);
  const left = [
    ...leftOf(unseen.length, ''),
    ...leftOf(beside.unseen.length, ' views'),
    ...beside.told.slice(0, shownWrong),
  ];
  const read = whole ? ', each read to its end,' : '';
  const detail = `${holding} of ${tables} tables${read} hold rows, and what is defined can be used`;
  return { verdict: 'pass', detail: [detail, ...left].join('; '), facts };
}

const leftOf = (count: number, what: string): string[] =>
  count === 0
    ? []
    : [`${count}${what} were not looked at, for their data lies elsewhere or the account may not read them`];
