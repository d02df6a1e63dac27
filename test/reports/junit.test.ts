import { XMLParser, XMLValidator } from 'fast-xml-parser';
import { describe, expect, test } from 'vitest';
import type { DrillResult } from '../../core/result.ts';
import { junit, junitOf } from '../../reports/junit.ts';
import { visible } from '../../reports/text.ts';
import { hostileText, sampleResults } from './sample-results.ts';

type Node = Record<string, unknown>;
interface Case {
  name: string;
  classname: string;
  failure?: Node;
  error?: Node;
  skipped?: Node;
  'system-out'?: unknown;
}
interface Suite {
  name: string;
  tests: string;
  failures: string;
  errors: string;
  skipped: string;
  time: string;
  timestamp: string;
  properties: { property: Node[] };
  testcase: Case[];
}

const parser = new XMLParser({
  ignoreAttributes: false,
  attributeNamePrefix: '',
  textNodeName: 'text',
  parseTagValue: false,
  trimValues: false,
  isArray: (name) => ['testsuite', 'testcase', 'property'].includes(name),
});
function suitesOf(xml: string): Suite[] {
  expect(XMLValidator.validate(xml)).toBe(true);
  return (parser.parse(xml) as { testsuites: { testsuite: Suite[] } }).testsuites.testsuite;
}
const suiteOf = (result: DrillResult): Suite => suitesOf(junit.text(result))[0]!;

test.each(Object.entries(sampleResults))(
  '%s: one case a finding and one for the drill, counted rightly',
  (_, sample) => {
    const suite = suiteOf(sample);
    expect(suite.testcase).toHaveLength(sample.findings.length + 1);
    expect(Number(suite.tests)).toBe(suite.testcase.length);
    expect(Number(suite.failures)).toBe(suite.testcase.filter((item) => item.failure).length);
    expect(Number(suite.errors)).toBe(suite.testcase.filter((item) => item.error).length);
    expect(new Set(suite.testcase.map(({ name }) => name)).size).toBe(suite.testcase.length);
    expect(suite.time).toMatch(/^\d+\.\d{3}$/);
    expect(suite.timestamp).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/);
  },
);

describe('no CI shows as green what is not a pass', () => {
  const red = (suite: Suite): boolean => Number(suite.failures) + Number(suite.errors) > 0;
  test.each(Object.entries(sampleResults))('%s', (_, sample) =>
    expect(red(suiteOf(sample))).toBe(sample.verdict !== 'pass'),
  );
  test('a drill that was never judged', () => {
    const suite = suiteOf(sampleResults.interrupted);
    expect(suite.testcase.map(({ name, error }) => [name, error !== undefined])).toEqual([['drill', true]]);
  });
  test('a drill that was interrupted, although what it judged had passed', () => {
    expect(red(suiteOf({ ...sampleResults.pass, outcome: 'interrupted' }))).toBe(true);
  });
  test('nothing is ever skipped', () =>
    expect(suiteOf(sampleResults.inconclusive).testcase.some((item) => item.skipped !== undefined)).toBe(
      false,
    ));
});

test('a failure says what was measured, what was promised and what proves it, in the text', () => {
  const failed = suiteOf(sampleResults.fail).testcase.find(({ name }) => name === 'rto/mysql')!;
  expect(failed.failure!['text']).toContain('figure 7 min 12 s, objective 5 min');
  expect(failed.failure!['text']).toContain('events 902, 911, 1404');
  expect(failed.failure!['message']).toBe('mysql recovers within its RTO');
});

test('hostile text comes back as text', () => {
  const suite = suiteOf(sampleResults.hostile);
  expect(suite.testcase[1]!.failure!['text']).toContain(visible(hostileText).split('\n')[0]);
});

test('several drills are one document, one suite each', () => {
  const suites = suitesOf(junitOf([sampleResults.pass, sampleResults.fail]));
  expect(suites.map(({ name }) => name)).toEqual([
    'reference/redis-volume-lost',
    'reference/mysql-pages-corrupted',
  ]);
});
