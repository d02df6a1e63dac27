import { expect, test } from 'vitest';
import { flagContinues, kinds, outcomes, type LedgerRecord } from '../../core/ledger.ts';
import { isOf } from '../../fixtures/timelines/alter.ts';
import { at, goodDrill, tokens } from '../../fixtures/timelines/good-drill.ts';
import { recordBytes } from '../../core/ledger.ts';
import { add, analyse, change, operation, type Sketch } from './timeline-builder.ts';

const damageOf = (alter: (sketch: Sketch) => void): string | null => {
  const sketch = goodDrill();
  alter(sketch);
  return analyse(sketch).damage;
};
const aRead = (sketch: Sketch, fromMs: number): LedgerRecord =>
  sketch.records.find((one) => isOf(tokens, kinds.read)(one) && one.invokedMs >= fromMs)!;

test.each<[string, (sketch: Sketch) => void, RegExp | null]>([
  ['the good drill', () => undefined, null],
  [
    'an operation invoked before its load began',
    (sketch) => void (aRead(sketch, 25_000).invokedMs = at.load - 2),
    /record \d+ was invoked at 9998 ms, and not from 10000 ms on/,
  ],
  [
    'an operation invoked in the very millisecond that its load began',
    (sketch) => void (aRead(sketch, 25_000).invokedMs = at.load),
    null,
  ],
  [
    'a load that began when most of it was over',
    (sketch) => change(sketch, 'load.begun', (event) => void (event.atMs = 26_000)),
    /was invoked at \d+ ms, and not from 26000 ms on/,
  ],
  [
    'records that were written down before they can have been',
    (sketch) => add(sketch, 1, 'ledger.chunk', { offset: 0, bytes: recordBytes * 1e6, sha256: '' }),
    /record 0 ended at \d+ ms, and was written down by 1 ms/,
  ],
  [
    'a value read back before anything was verified',
    (sketch) => void (sketch.records.find(isOf(tokens, kinds.readback))!.invokedMs = 26_000),
    /was invoked at 26000 ms, and not from 27020 ms on/,
  ],
  [
    'a value read back when all of it had been',
    (sketch) => void (sketch.records.find(isOf(tokens, kinds.readback))!.invokedMs = 27_700),
    /ended at 27701 ms, and its load by 27500 ms/,
  ],
  [
    'a value whose reading back failed',
    (sketch) => void (sketch.records.find(isOf(tokens, kinds.readback))!.outcome = outcomes.fail),
    /was read back with the outcome 1/,
  ],
  [
    'a write that goes on with a call of nobody',
    (sketch) =>
      void sketch.records.push(
        operation(tokens, kinds.write, 9_000, 26_000, 'x', {
          flags: flagContinues,
          outcome: outcomes.unknown,
        }),
      ),
    /goes on with a call that the record before it is not of/,
  ],
  [
    'a write that goes on with a call of another time',
    (sketch) =>
      void sketch.records.push(
        operation(tokens, kinds.write, 9_000, 26_999, 'x', { outcome: outcomes.unknown }),
        operation(tokens, kinds.write, 9_001, 26_999.5, 'x', {
          group: 9_000,
          flags: flagContinues,
          outcome: outcomes.unknown,
        }),
      ),
    /goes on with a call/,
  ],
  [
    'a write that goes on with the call before it',
    (sketch) =>
      void sketch.records.push(
        ...[9_000, 9_001, 9_002].map((id, i) =>
          operation(tokens, kinds.write, id, 26_999, 'x', {
            group: 9_000,
            flags: i === 0 ? 0 : flagContinues,
            outcome: outcomes.unknown,
          }),
        ),
      ),
    null,
  ],
])('%s', (_what, alter, says) => {
  const damage = damageOf(alter);
  if (says === null) expect(damage).toBeNull();
  else expect(damage).toMatch(says);
});
