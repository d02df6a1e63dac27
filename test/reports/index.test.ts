import { describe, expect, test } from 'vitest';
import { textFormat, type Format } from '../../core/format.ts';
import type { DrillResult } from '../../core/result.ts';
import { formats } from '../../reports/index.ts';
import {
  assertHarmless,
  assertPure,
  assertUnknownIsNotNought,
  assertUnknownIsSaid,
  assertVerdictShows,
  formatConformance,
} from '../suites/format-conformance.ts';
import { sampleResults } from './sample-results.ts';

formatConformance(formats, sampleResults);

describe('the suite itself catches a format that', () => {
  const bad = (text: (result: DrillResult) => string): Format =>
    textFormat({ about: 'known bad', file: 'bad.txt', text });

  test('takes a clock of its own', async () => {
    let turn = 0;
    await expect(
      assertPure(
        bad(() => String((turn += 1))),
        sampleResults.pass,
      ),
    ).rejects.toThrow();
  });
  test('changes what it is given', async () => {
    await expect(
      assertPure(
        bad((result) => String(result.findings.sort(() => -1).length)),
        sampleResults.pass,
      ),
    ).rejects.toThrow();
  });
  test('has the verdict only in its style sheet', async () => {
    await expect(
      assertVerdictShows(
        bad(({ verdict }) => `<style>.${verdict} {}</style><b class="${verdict}">done</b>`),
        sampleResults.fail,
      ),
    ).rejects.toThrow();
  });
  test('shows pass for whatever happened', async () => {
    await expect(
      assertVerdictShows(
        bad(() => 'pass'),
        sampleResults.pass,
      ),
    ).rejects.toThrow();
  });
  test('lets text from outside through', async () => {
    await expect(
      assertHarmless(
        bad(({ title }) => title),
        sampleResults.hostile,
      ),
    ).rejects.toThrow();
    await expect(
      assertHarmless(
        bad(({ title }) => title.replace(/\p{C}/gu, '')),
        sampleResults.hostile,
      ),
    ).rejects.toThrow();
    await expect(
      assertHarmless(
        bad(({ title }) => title.replace(/[<>]/g, '')),
        sampleResults.hostile,
      ),
    ).rejects.toThrow();
  });
  test('shows unknown as nought', async () => {
    await expect(
      assertUnknownIsNotNought(
        bad(({ time }) => `RTA ${time.rtaMs ?? 0}`),
        sampleResults.pass,
      ),
    ).rejects.toThrow(/time.rtaMs/);
    await expect(
      assertUnknownIsNotNought(
        bad(({ loads }) => `holes ${Number(loads[0]!.holes)}`),
        sampleResults.pass,
      ),
    ).rejects.toThrow(/holes/);
  });
  test('leaves out what was not measured', async () => {
    await expect(
      assertUnknownIsSaid(
        bad(({ objectives }) => objectives.map(({ actualMs }) => actualMs ?? '').join()),
        sampleResults.inconclusive,
      ),
    ).rejects.toThrow();
  });
});
