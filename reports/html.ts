import { textFormat } from '../core/format.ts';
import type { DrillResult } from '../core/result.ts';
import { formatDuration } from '../core/units.ts';
import { headline } from './figures.ts';
import { patterns } from './html/bars.ts';
import { alerts } from './html/clients.ts';
import { html as page, Markup } from './html/markup.ts';
import {
  backups,
  checks,
  environment,
  faults,
  figures,
  findings,
  limits,
  notes,
  objectives,
  picture,
  score,
  service,
} from './html/sections.ts';
import { data } from './html/data.ts';
import { waterfall } from './html/waterfall.ts';
import { style } from './html/style.ts';
import { isFinished, reasonText, resolutionText, scoreText, timeScaleText, verdictWords } from './words.ts';

function header(result: DrillResult): Markup {
  const { word, mark } = verdictWords[result.verdict];
  const { rta, rpa, lost, wrong } = headline(result);
  const facts: [string, string, string][] = [
    ['RTA, recovery time actual', rta, `fault to correct; ${resolutionText(result.time.resolutionMs)}`],
    ['RPA, recovery point actual', rpa, 'window of acknowledged writes that are gone'],
    ['Lost', lost, 'against the ledger of the client'],
    ['Data that no RPO allows', wrong, 'phantom, resurrected, corrupt, duplicated, torn; holes'],
  ];
  const identity: [string, string][] = [
    ['Scenario', result.scenario],
    ['Drill', result.drill],
    ['Begun (UTC)', result.begunUtc],
    ['Took', formatDuration(result.durationMs)],
    ['Strategy', result.strategy],
    ['Score', scoreText(result.score)],
    ['Schedules', timeScaleText(result.timeScale)],
    ['Seed', String(result.seed)],
    ['Muster', result.muster],
    ['Exit code', String(result.exitCode)],
  ];
  const error =
    result.error !== null &&
    isFinished(result) &&
    page`<p style="margin-top:12px"><b class="bad">Error:</b> ${result.error}</p>`;
  const about = result.about !== null && page`<p class="soft" style="margin-top:12px">${result.about}</p>`;
  return page`<header><div class="verdict ${result.verdict}"><div class="word">${mark} ${word}</div><h1>${result.title}</h1><p class="reason">${reasonText(result)}</p></div>
${error}${about}
<dl class="headline">${facts.map(([name, value, note]) => page`<div><dt>${name}</dt><dd>${value}</dd><dd class="note">${note}</dd></div>`)}</dl>
<dl class="identity">${identity.map(([name, value]) => page`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl></header>
`;
}

const sections = [
  objectives,
  picture,
  waterfall,
  findings,
  figures,
  data,
  service,
  alerts,
  backups,
  faults,
  checks,
  score,
  environment,
  notes,
  limits,
];

/**
 * One file that needs no network and no script: what it holds is what was measured, and its policy forbids
 * the rest.
 */
function render(result: DrillResult): string {
  return page`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'"><title>${verdictWords[result.verdict].word}: ${result.title}</title>
<style>
${new Markup(style)}
</style></head><body>${patterns}<main>
${header(result)}${sections.map((section) => section(result))}<p class="soft small" style="margin-top:36px">Figures come from events.jsonl beside this file; muster report judges and renders it again. This report is evidence of one drill, not a certificate.</p>
</main></body></html>
`.text;
}

export const html = textFormat({
  about: 'The full report as one page, with the timeline as a picture',
  file: 'report.html',
  text: render,
});
