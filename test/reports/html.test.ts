import { describe, expect, test } from 'vitest';
import type { DrillResult } from '../../core/result.ts';
import { columnsOf } from '../../reports/html/area.ts';
import { pointsOf } from '../../reports/html/latency.ts';
import { html as markup, Markup } from '../../reports/html/markup.ts';
import { html } from '../../reports/html.ts';
import { sampleResults } from './sample-results.ts';
import { frameOf } from '../../reports/html/frame.ts';

const pageOf = (result: DrillResult): string => html.text(result);
const body = (page: string): string => page.slice(page.indexOf('<body>') + 6);
/** The words of a page in order, without markup. */
const words = (part: string): string =>
  part
    .replace(/<title>.*?<\/title>/gs, '')
    .replace(/<[^>]+>/g, ' ')
    .replace(/\s+/g, ' ');
/** Tags with the values of their attributes taken out: what stands inside quotes is text. */
const tags = (page: string): string[] =>
  page.match(/<[a-z!/][^>]*>/gi)!.map((tag) => tag.replace(/"[^"]*"/g, '""'));

/** Whatever in a page would fetch or run something. */
const outside = (page: string): string[] => [
  ...tags(page).filter((tag) =>
    /^<(script|link|iframe|object|embed|base|form|img|a)\b|\s(on\w+|src|srcset|href|xlink:href|action|data|poster)\s*=/i.test(
      tag,
    ),
  ),
  ...(page.match(/@import|url\((?!#)/gi) ?? []),
];

test.each([
  '<script>1</script>',
  '<p onclick="x()">',
  '<img src="http://a/b.png">',
  '<use href="http://a#b"/>',
  '<style>@import "x"</style>',
  '<style>a { background: url(http://a) }</style>',
  '<a href="http://a">',
])('%s would be seen', (bad) => expect(outside(`${pageOf(sampleResults.pass)}${bad}`)).not.toEqual([]));

describe.each(Object.entries(sampleResults))('%s', (_, sample) => {
  const page = pageOf(sample);

  test('needs no network and runs nothing', () => {
    expect(outside(page)).toEqual([]);
    expect(page).toContain(`content="default-src 'none'; style-src 'unsafe-inline'"`);
  });

  test('every element that is opened is closed, in order', () => {
    const open: string[] = [];
    for (const tag of tags(body(page).replace('</body></html>', ''))) {
      const name = /^<\/?([a-z0-9]+)/i.exec(tag)![1]!;
      if (tag.startsWith('</')) expect(open.pop()).toBe(name);
      else if (!tag.endsWith('/>') && !['br', 'meta'].includes(name)) open.push(name);
    }
    expect(open).toEqual([]);
  });

  test('draws only numbers', () => expect(page).not.toMatch(/NaN|Infinity|undefined|\[object/));

  test('says what the drill does not show', () =>
    expect(words(body(page))).toContain('What this drill does not show'));
});

test('verdict and reason stand first', () => {
  expect(words(body(pageOf(sampleResults.fail))).trim()).toMatch(
    /^✗ FAIL Pages of the users table are overwritten Failed: mysql recovers within its RTO \(and 1 more\). Clients had right answers again after measured 5 min 42 s/,
  );
});

test('the bar of what was measured has the length of the actual beside the objective', () => {
  const objective = body(pageOf(sampleResults.fail)).split('<div class="objective')[1]!;
  const measured = Number(/<rect x="0%" y="4" width="([\d.]+)%"[^>]*class="measured"/.exec(objective)![1]);
  const mark = Number(/<line class="mark" x1="([\d.]+)%"/.exec(objective)![1]);
  expect(measured / mark).toBeCloseTo(341_902 / 300_000, 3);
});

test('only what was measured is solid', () => {
  const objective = body(pageOf(sampleResults.pass)).split('<div class="objective')[1]!;
  expect(
    objective.match(/<rect [^>]*y="4"[^>]*>/g)!.map((rect) => /class="measured"|url\(#\w+\)/.exec(rect)![0]),
  ).toEqual(['class="measured"', 'url(#hatch)', 'url(#dots)']);
  expect(words(objective)).toMatch(
    /RTA 12.4 s, measured.*detection 1 min 30 s, derived.*people 2 min, declared.*probe resolution 48 ms/,
  );
});

test('an objective without a measurement has no bar', () => {
  const objective = body(pageOf(sampleResults.inconclusive)).split('<div class="objective')[1]!;
  expect(objective).not.toContain('<rect class="measured"');
  expect(words(objective)).toContain('RTA not measured');
});

test('failures come before what is open, and that before passes', () => {
  const text = words(body(pageOf(sampleResults.fail)));
  const at = [
    'accounts: no loss among what survived',
    'grants holds after recovery',
    'accounts: nothing back that failed or was removed',
  ].map((title) => text.lastIndexOf(title));
  expect(at).toEqual(at.toSorted((a, b) => a - b));
});

test('holes and wrong data stand out', () => {
  expect(pageOf(sampleResults.fail)).toContain('<span class="bad">3</span>');
  expect(pageOf(sampleResults.pass)).not.toMatch(/<td class="num"><span class="bad">/);
});

describe('operations per second', () => {
  const series = {
    load: 'x',
    bucketMs: 10,
    startMs: 0,
    right: Array.from({ length: 10_000 }, () => 5),
    failed: Array.from({ length: 10_000 }, (_, index) => Number(index === 7_777)),
    slow: null,
    slowestMs: [],
    p50Ms: [],
    p99Ms: [],
  };
  test('thinning loses no failure and no operation', () => {
    const columns = columnsOf(series, 0, 100_000);
    const sum = (pick: (column: (typeof columns)[number]) => number): number =>
      columns.reduce((total, column) => total + (pick(column) * (column.toMs - column.fromMs)) / 1000, 0);
    expect(columns.length).toBeLessThanOrEqual(300);
    expect(sum((column) => column.failed)).toBeCloseTo(1, 6);
    expect(sum((column) => column.right)).toBeCloseTo(50_000, 4);
  });
  test('rates are per second whatever the bucket', () =>
    expect(columnsOf(series, 0, 100_000)[0]!.right).toBeCloseTo(500, 6));
});

test('the picture keeps what is after the fault, however long the load ran before', () => {
  const { pass } = sampleResults;
  const late = { ...pass, time: { ...pass.time, faultMs: 9_000_000, verifiedMs: 9_021_000 } };
  const frame = frameOf(late);
  expect(frame.x(9_000_000)).toBeLessThan(60);
  expect(frame.x(9_021_000)).toBeLessThanOrEqual(100);
});

test('whatever is put into a template is escaped, unless it is markup', () => {
  expect(markup`<b title="${'"><i>'}">${['<', new Markup('<br>')]}${null}${false}${0}</b>`.text).toBe(
    '<b title="&quot;&gt;&lt;i&gt;">&lt;<br>0</b>',
  );
});

describe('what clients saw, over time', () => {
  const page = pageOf(sampleResults.pass);
  test('alerts stand with when they fire, and on what basis', () => {
    const text = words(page);
    expect(text).toMatch(
      /error-rate \(critical\) more than 10% of the operations in 1m fail redis fires at \+[\d.]+ s, clears at/,
    );
    expect(text).toContain('derived: 20.0 s of the window of 1m observed');
    expect(text).toMatch(/health-check .* not measured/);
    expect(text).toContain('8.58 % of the error budget');
    expect(page).toMatch(/<rect class="alert critical"/);
    expect(words(pageOf(sampleResults.fail))).toMatch(/error-rate .* false alarm at -?[\d.]+|false alarm at/);
  });
  test('a strategy that has neither alerts nor a target has no such section', () =>
    expect(pageOf({ ...sampleResults.pass, alerts: [], errorBudget: null })).not.toContain('error budget'));
  test('thinning keeps the slowest, and what was not answered has no time', () => {
    const times = Array.from({ length: 10_000 }, (_, index) =>
      index < 100 ? null : index === 7_777 ? 900 : 3,
    );
    const points = pointsOf(
      {
        load: 'x',
        bucketMs: 10,
        startMs: 0,
        right: [],
        failed: [],
        slow: null,
        slowestMs: [],
        p50Ms: times,
        p99Ms: times,
      },
      0,
      100_000,
    );
    expect(points.length).toBeLessThanOrEqual(300);
    expect(Math.max(...points.map(({ p99 }) => p99 ?? 0))).toBe(900);
    expect(points[0]!.p99).toBeNull();
  });
});

describe('what was said on the way', () => {
  const page = words(pageOf(sampleResults.pass));

  test('is there: the facts of a step, and the notes', () => {
    expect(page).toContain('keptBeside: [&quot;users.acl&quot;]');
    expect(page).toContain('./uploads of app at /uploads');
  });

  test('leaves out what says nothing', () => {
    expect(page).not.toContain('damagedData');
  });
});

test('two faults within a moment are told in two lines', () => {
  const [fault] = sampleResults.pass.faults;
  const page = pageOf({
    ...sampleResults.pass,
    faults: [fault!, { ...fault!, target: 'another', begunMs: fault!.begunMs + 1 }],
  });
  const heights = [...page.matchAll(/<circle class="injected" [^>]*cy="(\d+)"/g)].map(([, y]) => Number(y));
  expect(heights).toHaveLength(2);
  expect(heights[1]! - heights[0]!).toBeGreaterThanOrEqual(20);
});

test('beside each check stands where it was seen to fail, and where nobody knows of a run, that', () => {
  const page = words(pageOf(sampleResults.pass));
  expect(page).toMatch(
    /31 498 tokens expire.* a key that was to expire does so no more test\/drivers\/redis\.docker\.test\.ts/,
  );
  expect(page).toMatch(/200 of 200 revoked tokens are refused no known-bad run/);
});
