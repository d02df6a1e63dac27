import { marked, type Tokens } from 'marked';
import { expect, test } from 'vitest';
import type { DrillResult } from '../../core/result.ts';
import { markdown } from '../../reports/markdown.ts';
import { escapeMarkdown, oneLine } from '../../reports/text.ts';
import { hostileText, sampleResults } from './sample-results.ts';

const textOf = (result: DrillResult): string => markdown.text(result);
const pageOf = (text: string): string => marked.parse(text, { async: false, gfm: true });
const tables = (result: DrillResult): Tokens.Table[] =>
  marked.lexer(textOf(result)).filter((token): token is Tokens.Table => token.type === 'table');
const plain = (page: string): string =>
  page
    .replace(/<[^>]+>/g, '')
    .replace(/&#(\d+);/g, (_, code: string) => String.fromCodePoint(Number(code)))
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&amp;', '&');

test('actual stands beside objective', () => {
  const [objectives] = tables(sampleResults.fail);
  expect(objectives!.rows.map((row) => row.map((cell) => cell.text)).slice(0, 2)).toEqual([
    [
      'RTO mysql',
      '5 min',
      '**5 min 42 s**',
      '7 min 12 s',
      'worst case over by 2 min 12 s',
      'measured + derived; probe resolution 204 ms',
      '❌ fail',
    ],
    ['RPO mysql', '15 min', '**1.2 s**', '1.2 s', '14 min 59 s to spare', 'measured', '✅ pass'],
  ]);
});

test('what did not pass comes before what did, and is not folded away', () => {
  const text = textOf(sampleResults.fail);
  const at = (title: string): number => text.indexOf(`**${title}**`);
  expect(at('accounts: no loss among what survived')).toBeLessThan(at('grants holds after recovery'));
  expect(at('grants holds after recovery')).toBeLessThan(text.indexOf('<details>'));
  expect(at('mysql loses no more than its RPO')).toBeGreaterThan(text.indexOf('<details>'));
});

test('the waterfall adds up to verified minus fault', () => {
  const rows = tables(sampleResults.pass).find((table) => table.header[0]!.text === 'stage')!.rows;
  expect(rows.at(-1)!.map((cell) => cell.text)).toEqual(['**sum**', 'from the fault on', '', '**21.0 s**']);
});

test('what the drill does not show is there', () => {
  expect(textOf(sampleResults.pass)).toContain('it does not show how a larger data set restores');
});

test('hostile text starts no markup, no link and no cell', () => {
  const page = pageOf(textOf(sampleResults.hostile));
  expect(page).not.toMatch(/<(script|img|a|code)\b/);
  expect(page).not.toContain('<strong>bold');
  for (const table of tables(sampleResults.hostile))
    for (const row of table.rows) expect(row).toHaveLength(table.header.length);
});

test.each([
  hostileText,
  'a | b',
  '- item',
  '1. item',
  '# heading',
  '> quote',
  '*a* _b_ ~~c~~',
  'x <b>y</b>',
  '$x$ &amp; `c`',
  'www.example.org',
  'http://example.org/a_b_c',
  '\\| \\',
  '[a]: b',
  '![i](j)',
  'a@example.org',
])('%j is shown as it is written', (text) => {
  const page = pageOf(`before ${escapeMarkdown(text)}`);
  expect(page).not.toMatch(/<(?!\/?p>)/);
  expect(plain(page).trim()).toBe(
    `before ${oneLine(text)}`.replaceAll("'", '&#39;').replaceAll('&#39;', "'"),
  );
  expect(plain(pageOf(escapeMarkdown(text))).trim()).toBe(oneLine(text));
});

test('alerts and error budget stand with their basis, and are left out where there are none', () => {
  const rows = tables(sampleResults.pass)
    .find((table) => table.header[0]!.text === 'alert')!
    .rows.map((row) => row.map((cell) => cell.text));
  expect(rows.map(([name, , , it]) => [name, it])).toEqual([
    ['error-rate (critical)', expect.stringMatching(/^\*\*fires at \+/)],
    ['response-time', '**stays silent**'],
    ['health-check', '**not measured**'],
  ]);
  expect(textOf(sampleResults.pass)).toMatch(
    /This outage burns 0\.48 %, worst case 8\.58 %, of the error budget of 43 min 12 s/,
  );
  expect(textOf({ ...sampleResults.pass, alerts: [], errorBudget: null })).not.toContain('error budget');
});

test('of each check it says where it was seen to fail, and of one of which nobody knows, that', () => {
  const rows = tables(sampleResults.pass)
    .find((table) => table.header[0]!.text === 'check')!
    .rows.map((row) => row.map((cell) => plain(pageOf(cell.text)).trim()));
  expect(rows).toEqual([
    [
      'ttl',
      'redis',
      '✅ pass',
      expect.stringMatching(/^a key that was to expire does so no more, by test.drivers.redis/),
    ],
    ['revoked-stay-revoked', '', '✅ pass', 'no known-bad run'],
    ['logins', 'proxy', '✅ pass', expect.stringMatching(/cannot be read any more, by /)],
  ]);
});
