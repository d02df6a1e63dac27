import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { getDocumentProxy } from 'unpdf';
import type { DrillResult } from '../../core/result.ts';
import { pdf } from '../../reports/pdf.ts';
import { textOf } from '../suites/format-conformance.ts';
import { sampleResults } from './sample-results.ts';

const pagesOf = async (result: DrillResult): Promise<number> =>
  (await getDocumentProxy(new Uint8Array(await pdf.render(result, {} as never)))).numPages;
const times = <Row>(count: number, row: Row): Row[] => Array.from({ length: count }, () => row);

describe('the page to print', () => {
  const { fail } = sampleResults;
  const full: DrillResult = {
    ...fail,
    objectives: times(30, fail.objectives[0]!),
    loads: times(30, fail.loads[0]!),
    findings: times(200, { ...fail.findings[0]!, detail: 'a word and another '.repeat(60) }),
    limitations: times(40, 'what it does not show, at length, '.repeat(20)),
  };
  it('is one page, whatever there is to say, and counts what had no room', async () => {
    expect(await pagesOf(fail)).toBe(1);
    expect(await pagesOf(full)).toBe(1);
    const text = await textOf(pdf, full);
    for (const part of ['Promised and measured', 'Data,', 'Findings', 'What this drill does not show'])
      expect(text).toContain(part);
    const counted = [...text.matchAll(/and (\d+) more rows in report.html/g)].map((match) =>
      Number(match[1]),
    );
    expect(counted).toHaveLength(4);
    const shown = text.match(/FAIL(?=\s+mysql recovers)/g)?.length ?? 0;
    expect(shown).toBeGreaterThan(0);
    expect(counted[2]! + shown).toBe(200);
  });
  it('shows everything where there is room', async () =>
    expect(await textOf(pdf, fail)).not.toMatch(/more rows? in report/));
  it('shows a letter that its font lacks by its number, and never as an empty box', async () => {
    const text = await textOf(pdf, { ...fail, title: 'заказ ταμείο 注文' });
    expect(text).toContain('заказ ταμείο \\u{6ce8}\\u{6587}');
  });
  it('is the same whatever was drawn before it: a letter that is part of another one, too', () => {
    const drawn = (...texts: string[]): string =>
      execFileSync(process.execPath, ['--input-type=module', '--eval', drawing, ...texts], {
        encoding: 'utf8',
      });
    expect(drawn('É', 'E')).toBe(drawn('E'));
    expect(drawn('E')).not.toBe(drawn('F'));
  });
});

/** Gives the SHA-256 of the last one of these pages, in a process in which nothing was drawn before. */
const drawing = `
import { createHash } from 'node:crypto';
const { onePage } = await import(${JSON.stringify(join(import.meta.dirname, '../../reports/pdf/page.ts'))});
let bytes;
for (const text of process.argv.slice(1))
  bytes = await onePage({ title: 'a page', madeAt: new Date(0) }, (page) => void page.text(text, { weight: 'bold' }));
console.log(createHash('sha256').update(bytes).digest('hex'));
`;
