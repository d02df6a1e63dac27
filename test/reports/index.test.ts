import { describe, expect, test } from 'vitest';
import type { Format } from '../../core/format.ts';
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
  const bad = (render: (result: DrillResult) => string): Format => ({
    about: 'known bad',
    file: 'bad.txt',
    render,
  });

  test('takes a clock of its own', () => {
    let turn = 0;
    expect(() =>
      assertPure(
        bad(() => String((turn += 1))),
        sampleResults.pass,
      ),
    ).toThrow();
  });
  test('changes what it is given', () => {
    expect(() =>
      assertPure(
        bad((result) => String(result.findings.sort(() => -1).length)),
        sampleResults.pass,
      ),
    ).toThrow();
  });
  test('has the verdict only in its style sheet', () => {
    expect(() =>
      assertVerdictShows(
        bad(({ verdict }) => `<style>.${verdict} {}</style><b class="${verdict}">done</b>`),
        sampleResults.fail,
      ),
    ).toThrow();
  });
  test('shows pass for whatever happened', () => {
    expect(() =>
      assertVerdictShows(
        bad(() => 'pass'),
        sampleResults.pass,
      ),
    ).toThrow();
  });
  test('lets text from outside through', () => {
    expect(() =>
      assertHarmless(
        bad(({ title }) => title),
        sampleResults.hostile,
      ),
    ).toThrow();
    expect(() =>
      assertHarmless(
        bad(({ title }) => title.replace(/\p{C}/gu, '')),
        sampleResults.hostile,
      ),
    ).toThrow();
    expect(() =>
      assertHarmless(
        bad(({ title }) => title.replace(/[<>]/g, '')),
        sampleResults.hostile,
      ),
    ).toThrow();
  });
  test('shows unknown as nought', () => {
    expect(() =>
      assertUnknownIsNotNought(
        bad(({ time }) => `RTA ${time.rtaMs ?? 0}`),
        sampleResults.pass,
      ),
    ).toThrow(/time.rtaMs/);
    expect(() =>
      assertUnknownIsNotNought(
        bad(({ loads }) => `holes ${Number(loads[0]!.holes)}`),
        sampleResults.pass,
      ),
    ).toThrow(/holes/);
  });
  test('leaves out what was not measured', () => {
    expect(() =>
      assertUnknownIsSaid(
        bad(({ objectives }) => objectives.map(({ actualMs }) => actualMs ?? '').join()),
        sampleResults.inconclusive,
      ),
    ).toThrow();
  });
});
