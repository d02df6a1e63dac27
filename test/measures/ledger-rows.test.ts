import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ledgerKnownBad } from '../../core/known-bad.ts';
import type { DrillResult } from '../../core/result.ts';
import { goodDrill } from '../../fixtures/timelines/good-drill.ts';
import { knownBad } from '../../fixtures/timelines/index.ts';
import { judgeSketch } from './timeline-builder.ts';

const ledgerRowsOf = ({ checks }: DrillResult): DrillResult['checks'] =>
  checks.filter(({ check }) => check === 'ledger');

test('the ledger is among the checks, one row for each component whose clients wrote, and passes', () => {
  const rows = ledgerRowsOf(judgeSketch(goodDrill()));
  expect(rows.length).toBeGreaterThan(0);
  expect(new Set(rows.map(({ component }) => component)).size).toBe(rows.length);
  for (const { verdict, detail } of rows) {
    expect(verdict, detail).toBe('pass');
    expect(detail).toMatch(/acknowledged id/);
  }
});

test.each(knownBad['integrity']!)('$name: the row of the ledger is no pass', ({ spoil, verdict }) => {
  const sketch = goodDrill();
  spoil(sketch);
  const verdicts = ledgerRowsOf(judgeSketch(sketch)).map((row) => row.verdict);
  if (verdict === 'fail') expect(verdicts).toContain('fail');
  expect(verdicts.some((one) => one !== 'pass')).toBe(true);
});

test('where no measure looked at what was read back, nothing is said of the ledger', () => {
  expect(ledgerRowsOf(judgeSketch(goodDrill(), {}))).toEqual([]);
});

test('what the report names as its known-bad run is there, and demands a loss that the ledger finds', () => {
  const repository = join(import.meta.dirname, '../..');
  expect(existsSync(join(repository, ledgerKnownBad.shownBy))).toBe(true);
  const cases = readFileSync(join(repository, 'test/drills/variants/storage.ts'), 'utf8');
  expect(cases).toMatch(/reference\/mysql-stale-page[\s\S]*integrity\/orders\/duplicated/);
});
