import type { DrillResult } from '../../core/result.ts';
import { formatCount } from '../../core/units.ts';
import type { Verdict } from '../../core/verdict.ts';
import { keyFigures } from '../figures.ts';
import {
  bytesText,
  durationText,
  evidenceText,
  factLines,
  figureText,
  gravestFirst,
  knownBadTexts,
  momentText,
  notMeasured,
  pointsText,
  scoreText,
  tallyText,
  verdictWords,
} from '../words.ts';
import { objectiveRow } from './bars.ts';
import { html, type Markup } from './markup.ts';
import { section, table } from './tables.ts';
import { timeline } from './timeline.ts';

const chip = (verdict: Verdict): Markup =>
  html`<span class="chip ${verdict}">${verdictWords[verdict].mark} ${verdictWords[verdict].word}</span>`;
const mono = (text: string): Markup => html`<code>${text}</code>`;

export const objectives = (result: DrillResult): Markup =>
  section(
    'Promised and measured',
    'solid is measured, patterned is derived or declared, the upright line is the promise',
    result.objectives.length
      ? html`${result.objectives.map((objective) => objectiveRow(objective, result.time))}`
      : html`<p class="soft">No objective was judged.</p>`,
  );

export const figures = (result: DrillResult): Markup =>
  section(
    'Figures',
    null,
    table(
      [{ head: 'Figure', kind: 'nowrap' }, { head: 'Value' }, { head: 'How it came to be' }],
      keyFigures(result).map(({ name, value, basis }) => [
        name,
        html`<b>${value}</b>`,
        html`<span class="soft">${basis}</span>`,
      ]),
      notMeasured,
    ),
  );

export const findings = (result: DrillResult): Markup =>
  section(
    'Findings',
    `${tallyText(result.findings)}; evidence: numbers of events in events.jsonl`,
    table(
      [
        { head: 'Verdict', kind: 'nowrap' },
        { head: 'Finding', kind: 'title' },
        { head: 'Figure', kind: 'num' },
        { head: 'Objective', kind: 'num' },
        { head: 'Basis' },
        { head: 'Evidence' },
      ],
      gravestFirst(result.findings).map(
        ({ id, claim, title, verdict, actual, objective, unit, detail, basis, evidence, gate }) => [
          chip(verdict),
          html`<b>${title}</b>${gate && html`<span class="chip gate" title="fails the drill whatever the score">gate</span>`}<br>${detail}<br><span class="soft small">${id}${claim !== null && ` · claim ${claim}`}</span>`,
          unit === null ? '' : figureText(actual, unit),
          unit === null || objective === null ? '' : figureText(objective, unit),
          basis,
          html`<span class="mono">${evidenceText(evidence)}</span>`,
        ],
      ),
      'Nothing was judged, so nothing is proven.',
    ),
  );

export const picture = (result: DrillResult): Markup =>
  section(
    'Timeline',
    result.time.faultMs === null
      ? 'time since the drill began'
      : 'time from the fault on; the shaded stretch is the outage',
    html`${timeline(result)}
<div class="legend"><span>● fault, ○ its witness</span><span>recovery point: ● when durable, ○ failed or unfinished</span><span>loads: right operations above the line, failed or wrong below, one scale each</span><span>time: response times, p50 and p99, each line ten times the one below</span></div>`,
  );

export const service = (result: DrillResult): Markup =>
  section(
    'What clients saw',
    null,
    table(
      ['Load', 'Target', 'Kind', 'Operations', 'Right', 'Wrong', 'Failed', 'Outcome unknown'].map(
        (head, index) => ({ head, kind: index > 2 ? ('num' as const) : ('nowrap' as const) }),
      ),
      result.loads.map((load) =>
        [
          load.load,
          load.target,
          load.kind,
          load.operations,
          load.right,
          load.wrong,
          load.failed,
          load.unknown,
        ].map((cell) => (typeof cell === 'number' ? formatCount(cell) : cell)),
      ),
      `Clients: ${notMeasured}.`,
    ),
  );

export const backups = (result: DrillResult): Markup =>
  section(
    'Backups',
    null,
    table(
      [
        { head: 'Recovery point' },
        { head: 'State', kind: 'nowrap' },
        { head: 'Consistent', kind: 'num' },
        { head: 'Durable', kind: 'num' },
        { head: 'Data', kind: 'num' },
        { head: 'Stored', kind: 'num' },
        { head: 'Copies' },
        { head: 'Position' },
      ],
      result.backups.map(
        ({
          backup,
          point,
          state,
          consistentMs,
          durableMs,
          plainBytes,
          storedBytes,
          copies,
          position,
          error,
        }) => [
          html`<b>${backup}</b><br>${point}`,
          html`<span class="${state === 'durable' ? '' : 'bad'}">${state}</span>`,
          momentText(consistentMs, result.time.faultMs),
          momentText(durableMs, result.time.faultMs),
          bytesText(plainBytes),
          bytesText(storedBytes),
          copies.join(', ') || 'none',
          html`${Object.entries(position).map(([key, value]) => html`<span class="small">${key} ${mono(value)}</span><br>`)}${error}`,
        ],
      ),
      'No backup was begun.',
    ),
  );

const yes = (value: boolean | null, words: [string, string]): Markup | string =>
  value === null ? notMeasured : value ? words[0] : html`<span class="bad">${words[1]}</span>`;

export const faults = (result: DrillResult): Markup =>
  section(
    'Fault and recovery',
    null,
    html`${table(
      [
        { head: 'Fault' },
        { head: 'Target' },
        { head: 'Witnessed', kind: 'num' },
        { head: 'Proof' },
        { head: 'Healed' },
      ],
      result.faults.map(({ fault, target, begunMs, witnessedMs, proof, healed }) => [
        html`<b>${fault}</b>`,
        target,
        witnessedMs === null ? html`<span class="bad">never</span>` : momentText(witnessedMs, begunMs),
        proof ?? 'none',
        yes(healed, ['yes', 'no']),
      ]),
      'No fault was injected.',
    )}
${table(
  [
    { head: 'Step', kind: 'title' },
    { head: 'Begun', kind: 'num' },
    { head: 'Took', kind: 'num' },
    { head: 'Result' },
  ],
  result.steps.map(({ title, beginMs, endMs, ok, error, facts }) => [
    title,
    momentText(beginMs, result.time.faultMs),
    endMs === null ? 'not ended' : durationText(endMs - beginMs),
    html`${yes(ok, ['done', 'failed'])}${error !== null && `: ${error}`}${factLines(facts).map((line) => html`<br><span class="small soft">${line}</span>`)}`,
  ]),
  'No recovery step was run.',
)}`,
  );

function seenToFail(knownBad: DrillResult['checks'][number]['knownBad']): Markup {
  const { fails, by } = knownBadTexts(knownBad);
  return by === null
    ? html`<span class="soft">${fails}</span>`
    : html`${fails}<br><span class="soft small">${by}</span>`;
}

export const checks = (result: DrillResult): Markup =>
  section(
    'Checks',
    "seen to fail: what was spoilt on purpose, and the test of Muster's that demands red then",
    table(
      [
        { head: 'Verdict', kind: 'nowrap' },
        { head: 'Check', kind: 'nowrap' },
        { head: 'Component' },
        { head: 'What was seen' },
        { head: 'Seen to fail where' },
      ],
      result.checks.map(({ check, component, verdict, detail, knownBad }) => [
        chip(verdict),
        check,
        component ?? '',
        detail,
        seenToFail(knownBad),
      ]),
      'No check was run.',
    ),
  );

export function score(result: DrillResult): Markup {
  const { score: ledger } = result;
  return section(
    'Score',
    scoreText(ledger),
    html`${ledger.gates.length > 0 && html`<p>Gates that fail the drill whatever the points: <b>${ledger.gates.join(', ')}</b></p>`}${table(
      [
        { head: 'Finding' },
        { head: 'Claim' },
        { head: 'Weight', kind: 'num' },
        { head: 'Low', kind: 'num' },
        { head: 'High', kind: 'num' },
        { head: 'Evidence' },
      ],
      ledger.points.map(({ finding, claim, weight, low, high, evidence }) => [
        finding,
        claim ?? '',
        pointsText(weight),
        pointsText(low),
        pointsText(high),
        html`<span class="mono">${evidenceText(evidence)}</span>`,
      ]),
      'No points were at stake.',
      ['sum', '', pointsText(ledger.of), pointsText(ledger.low), pointsText(ledger.high), ''],
    )}`,
  );
}

export const environment = (result: DrillResult): Markup =>
  section(
    'Where it ran',
    null,
    html`${table(
      [{ head: 'Service' }, { head: 'Image' }, { head: 'Digest' }, { head: 'Came by' }],
      result.images.map(({ service: name, reference, digest, source }) => [
        name,
        reference,
        mono(digest),
        source,
      ]),
      `Images: ${notMeasured}.`,
    )}
${table(
  [{ head: 'Host and servers' }, { head: '' }],
  [...Object.entries(result.servers), ...Object.entries(result.host)].map(([key, value]) => [key, value]),
  `Host: ${notMeasured}.`,
)}`,
  );

export const notes = (result: DrillResult): Markup =>
  section(
    'Notes',
    'what was said on the way; nothing is judged by it',
    table(
      [{ head: 'When', kind: 'num' }, { head: 'What was noted' }],
      result.notes.map(({ atMs, text }) => [momentText(atMs, result.time.faultMs), text]),
      'Nothing was noted.',
    ),
  );

export const limits = (result: DrillResult): Markup =>
  section(
    'What this drill does not show',
    null,
    html`<div class="limits">${result.limitations.length ? html`<ul>${result.limitations.map((limit) => html`<li>${limit}</li>`)}</ul>` : html`<p>Nothing was stated. That does not mean that there is nothing.</p>`}</div>`,
  );
