import stringWidth from 'string-width';
import { describe, expect, test } from 'vitest';
import { renderOverview, renderSummary } from '../../reports/terminal.ts';
import { sampleResults } from './sample-results.ts';

const plain = { color: false, width: 80 };
const esc = '\u001b';
const escapes = new RegExp(`${esc}\\[[\\d;]*m`, 'g');
const samples = Object.entries(sampleResults);
/** The text of a summary without its line breaks and indents. */
const flat = (text: string): string => text.replace(/\s+/g, ' ');
const barOf = (text: string, name: string): string =>
  text.split('\n').find((line) => line.startsWith(`  ${name}`))!;

describe.each([60, 80, 120])('%i columns', (width) => {
  test.each(samples)('no line of %s is longer', (_, sample) => {
    for (const line of `${renderSummary(sample, { color: true, width })}\n${renderOverview([sample], { color: true, width })}`.split(
      '\n',
    ))
      expect(stringWidth(line), line).toBeLessThanOrEqual(width);
  });
});

test.each(samples)('colour adds nothing to %s but colour', (_, sample) => {
  for (const render of [
    renderSummary,
    (one: typeof sample, options: typeof plain) => renderOverview([one], options),
  ]) {
    const coloured = render(sample, { ...plain, color: true });
    expect(coloured).toMatch(escapes);
    expect(coloured.replace(escapes, '')).toBe(render(sample, plain));
  }
});

test.each(samples)('%s holds no control character', (_, sample) => {
  expect(
    /[\p{Cc}\p{Bidi_Control}]/u.exec(
      (renderSummary(sample, plain) + renderOverview([sample], plain)).replaceAll('\n', ''),
    ),
  ).toBeNull();
});

test('verdict, why, how long, how much and what proves it', () => {
  const text = flat(renderSummary(sampleResults.fail, plain));
  expect(text).toMatch(
    /^✗ FAIL Pages of the users table are overwritten Failed: mysql recovers within its RTO \(and 1 more\). Clients had right answers again after measured 5 min 42 s/,
  );
  expect(text).toContain(
    'RTA 5 min 42 s (probe resolution 204 ms), worst case 7 min 12 s, objective 5 min: worst case over by 2 min 12 s',
  );
  expect(text).toContain('restore only 5 min 27 s (not RTO)');
  expect(text).toContain('accounts: 221 of 9 811 acknowledged; 221 before the fault, 0 after; 3 holes');
  expect(text).toContain('basis: measured · events 1404, 1406 · integrity/accounts/holes');
  expect(text).toContain(
    '55 to 65 of 100 points (10 not measured); gates that failed: rto/mysql, integrity/accounts/holes',
  );
});

test('of a restore test what came back, of a drill what did not pass', () => {
  const [like] = sampleResults.pass.findings;
  const passed = (id: string, detail: string): NonNullable<typeof like> => ({
    ...like!,
    ...{ id, verdict: 'pass', detail },
  });
  const existing = passed('existing/db', 'last-night.sql.gz.age was restored: 25.6 KiB');
  const of = (...findings: (typeof existing)[]): string =>
    flat(renderSummary({ ...sampleResults.pass, findings }, plain));
  const came = of(
    existing,
    passed('restored', 'Restored and right'),
    passed('drill/completed', 'To its end'),
  );
  expect(came).toContain('last-night.sql.gz.age was restored: 25.6 KiB');
  expect(came).not.toContain('To its end');
  expect(of(existing)).not.toContain('last-night');
});

test('what the alerts would have done, and what it costs of the error budget', () => {
  const text = flat(renderSummary(sampleResults.pass, plain));
  expect(text).toMatch(
    /Alerts error-rate \(critical\): fires at \+\S+ s, clears at \S+ .*response-time: stays silent health-check: not measured/,
  );
  expect(text).toMatch(
    /Error budget 0\.48 %, worst case 8\.58 %, of the error budget of 43 min 12 s \(99\.9 % over 30\.?0? d\)/,
  );
  expect(flat(renderSummary(sampleResults.fail, plain))).toContain('error-rate: false alarm at');
});

test('a bar is as long as the actual beside the objective', () => {
  const bar = barOf(renderSummary(sampleResults.fail, plain), 'RTO mysql').slice(17);
  const mark = bar.indexOf('│');
  expect(bar.lastIndexOf('█') / mark).toBeCloseTo(341.9 / 300, 1);
  expect(bar.indexOf('▒')).toBeGreaterThan(bar.lastIndexOf('█'));
});

test('a small actual still shows, an unknown one draws nothing', () => {
  expect(barOf(renderSummary(sampleResults.fail, plain), 'RPO mysql')).toContain(' █─');
  const open = barOf(renderSummary(sampleResults.inconclusive, plain), 'RTO redis');
  expect(open).toContain('not measured');
  expect(open).not.toMatch(/[█▒░]/);
});

test('a figure stays with its unit', () => {
  for (const width of [60, 70, 80, 90, 100])
    expect(renderSummary(sampleResults.fail, { color: false, width })).not.toMatch(/\d\n\s+(min|s|ms)\b/);
});

describe('overview', () => {
  const last = (results: Parameters<typeof renderOverview>[0]): string =>
    renderOverview(results, plain).split('\n').at(-1)!;
  test('passes only when all passed', () => {
    expect(last([sampleResults.pass, sampleResults.pass])).toBe(
      '✓ PASS  2 drills: 2 passed, 0 failed, 0 inconclusive',
    );
    expect(last([sampleResults.pass, sampleResults.inconclusive])).toMatch(/^\? INCONCLUSIVE/);
    expect(last([sampleResults.pass, sampleResults.inconclusive, sampleResults.fail])).toBe(
      '✗ FAIL  3 drills: 1 passed, 1 failed, 1 inconclusive',
    );
  });
  test('no drill proves nothing', () =>
    expect(last([])).toBe('? INCONCLUSIVE  no drill was run, so nothing is proven'));
});
