import type { CheckOutcome } from '../../core/check-outcome.ts';
import type { Json } from '../../core/timeline.ts';

export const shownWrong = 8;
const keptWrong = 50;

/** Red: what came back is empty. */
export const noRowAtAll = (tables: number, facts: Json): CheckOutcome => ({
  verdict: 'fail',
  detail: `not one row is in any of its ${tables} tables`,
  facts,
});

/** Of what holds rows: red where something that it defines cannot be used, in words. */
export function usableOutcome(tables: number, wrong: readonly string[]): CheckOutcome {
  const facts = { tables, wrong: wrong.slice(0, keptWrong) };
  return wrong.length === 0
    ? { verdict: 'pass', detail: `${tables} tables hold rows, and what is defined can be used`, facts }
    : { verdict: 'fail', detail: wrong.slice(0, shownWrong).join('; '), facts };
}
