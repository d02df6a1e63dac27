import { textFormat } from '../core/format.ts';
import type { DrillResult } from '../core/result.ts';
import type { Verdict } from '../core/verdict.ts';
import { escapeMarkup, oneLine } from './text.ts';
import { comparisonText, evidenceText, isFinished, reasonText, scoreText, tallyText } from './words.ts';

interface Case {
  name: string;
  verdict: Verdict;
  message: string;
  text: string;
}

const seconds = (ms: number): string => (ms / 1000).toFixed(3);

/**
 * The drill itself is a case too. A drill that ended early or has no findings would otherwise be an empty
 * suite, which every CI shows as green.
 */
function casesOf(result: DrillResult): Case[] {
  const verdict: Verdict = result.verdict === 'pass' && !isFinished(result) ? 'inconclusive' : result.verdict;
  const whole: Case = {
    name: 'drill',
    verdict,
    message: reasonText(result),
    text: `${result.title}\n${tallyText(result.findings)}; ${scoreText(result.score)}`,
  };
  const findings = result.findings.map((finding): Case => {
    const figure = comparisonText(finding);
    return {
      name: finding.id,
      verdict: finding.verdict,
      message: finding.title,
      text: [
        finding.detail,
        ...(figure ? [figure] : []),
        `basis: ${finding.basis}`,
        `evidence: events ${evidenceText(finding.evidence)}`,
      ].join('\n'),
    };
  });
  return [whole, ...findings];
}

/**
 * `fail` is a failure. `inconclusive` is an error and not `skipped`: CI servers show skipped cases as green
 * or grey and go on, and what could not be measured must stop a release as a failure does. GitLab reads only
 * the text, Jenkins shows the message: both have all.
 */
function caseXml(scenario: string, { name, verdict, message, text }: Case): string {
  const open = `    <testcase classname="muster.${escapeMarkup(oneLine(scenario))}" name="${escapeMarkup(oneLine(name))}"`;
  const body = escapeMarkup(`${message}\n${text}`);
  if (verdict === 'pass') return `${open}>\n      <system-out>${body}</system-out>\n    </testcase>`;
  const element = verdict === 'fail' ? 'failure' : 'error';
  return `${open}>\n      <${element} type="${verdict}" message="${escapeMarkup(oneLine(message))}">${body}</${element}>\n    </testcase>`;
}

const tally = (cases: readonly Case[]): string => {
  const of = (verdict: Verdict): number => cases.filter((item) => item.verdict === verdict).length;
  return `tests="${cases.length}" failures="${of('fail')}" errors="${of('inconclusive')}"`;
};

function suiteXml(result: DrillResult): string {
  const cases = casesOf(result);
  const properties = Object.entries({
    drill: result.drill,
    scenario: result.scenario,
    strategy: result.strategy,
    seed: String(result.seed),
    timeScale: String(result.timeScale),
    outcome: result.outcome,
    verdict: result.verdict,
    score: scoreText(result.score),
    muster: result.muster,
    begunUtc: result.begunUtc,
  }).map(([name, value]) => `      <property name="${name}" value="${escapeMarkup(oneLine(value))}"/>`);
  // xUnit's schema knows neither fractions nor zones in a timestamp.
  const timestamp = escapeMarkup(result.begunUtc.slice(0, 19));
  return [
    `  <testsuite name="${escapeMarkup(oneLine(result.scenario))}" ${tally(cases)} skipped="0" time="${seconds(result.durationMs)}" timestamp="${timestamp}">`,
    '    <properties>',
    ...properties,
    '    </properties>',
    ...cases.map((item) => caseXml(result.scenario, item)),
    '  </testsuite>',
  ].join('\n');
}

/** One document for several drills: one suite each, one case per finding and one for the drill as a whole. */
export function junitOf(results: readonly DrillResult[]): string {
  const time = results.reduce((total, result) => total + result.durationMs, 0);
  const suites = results.map((result) => suiteXml(result));
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="muster" ${tally(results.flatMap(casesOf))} time="${seconds(time)}">\n${suites.join('\n')}\n</testsuites>\n`;
}

export const junit = textFormat({
  about: 'JUnit XML for CI servers; inconclusive is an error',
  file: 'junit.xml',
  text: (result) => junitOf([result]),
});
