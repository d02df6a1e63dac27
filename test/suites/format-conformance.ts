import { existsSync } from 'node:fs';
import { extname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Format } from '../../core/format.ts';
import type { Evidence } from '../../core/measure.ts';
import { resultSchema, type DrillResult } from '../../core/result.ts';

/** How what is no text is read, by the ending of its file; a file of `readers/` for each. */
type Reader = (bytes: Uint8Array) => Promise<string>;
const readerFor = async ({ file }: Format): Promise<Reader | null> => {
  const reader = join(import.meta.dirname, 'readers', `${extname(file).slice(1)}.ts`);
  return existsSync(reader) ? ((await import(reader)) as { read: Reader }).read : null;
};

/** What a reader of the report sees. */
export async function textOf(format: Format, result: DrillResult): Promise<string> {
  const bytes = await format.render(result, evidenceOf(result));
  const read = await readerFor(format);
  return read ? read(bytes) : new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
}

/** Nothing beside the result, so that a format has to do without. */
const evidenceOf = ({ strategy, scenario }: DrillResult): Evidence =>
  ({
    events: [],
    strategy: { strategy },
    scenario: { scenario },
    ledger: { loads: [], damage: null },
  }) as never;
/** What a reader sees: style sheets hold class names such as `.fail`. */
const shown = (text: string): string =>
  text.replace(/<style>[\s\S]*?<\/style>/g, '').replace(/class="[^"]*"/g, '');

function freeze<T>(value: T): T {
  if (value !== null && typeof value === 'object') Object.values(Object.freeze(value)).forEach(freeze);
  return value;
}

/**
 * The same result gives the same bytes, also after a way through a file; and it is not changed by being
 * shown.
 */
export async function assertPure(format: Format, sample: DrillResult): Promise<void> {
  const bytesOf = async (result: DrillResult): Promise<string> =>
    Buffer.from(await format.render(result, evidenceOf(result))).toString('base64');
  const frozen = freeze(structuredClone(sample));
  const first = await bytesOf(frozen);
  expect((await bytesOf(frozen)) === first, 'other bytes the second time').toBe(true);
  const through = JSON.parse(JSON.stringify(sample)) as DrillResult;
  expect((await bytesOf(through)) === first, 'other bytes after a way through a file').toBe(true);
}

/** The verdict is there as a word, and another verdict looks different. */
export async function assertVerdictShows(format: Format, sample: DrillResult): Promise<void> {
  const text = await textOf(format, sample);
  expect(shown(text).toLowerCase()).toContain(sample.verdict);
  for (const verdict of ['pass', 'fail', 'inconclusive'] as const)
    if (verdict !== sample.verdict) expect(await textOf(format, { ...sample, verdict })).not.toBe(text);
}

/**
 * No raw control character, escape sequence or direction override gets through, nor a live tag.
 */
export async function assertHarmless(format: Format, hostile: DrillResult): Promise<void> {
  const text = await textOf(format, hostile);
  expect(/[\p{Cc}\p{Bidi_Control}\p{Cs}\uffff]/u.exec(text.replace(/[\n\t]/g, ''))).toBeNull();
  // JSON escapes by itself, and what is no text is read by no parser of tags.
  if (format.file.endsWith('.json') || (await readerFor(format))) return;
  expect(/(?<!\\)<(script|img)/i.exec(text)).toBeNull();
}

type Setter = (result: DrillResult, value: number | null) => void;

/** Every figure that may be unknown, by where it stands. */
function figuresOf(sample: DrillResult): [string, Setter][] {
  const time = Object.keys(sample.time).map((key): [string, Setter] => [
    `time.${key}`,
    (result, value) => Object.assign(result.time, { [key]: value }),
  ]);
  const data = Object.keys(sample.data).map((key): [string, Setter] => [
    `data.${key}`,
    (result, value) => Object.assign(result.data, { [key]: value }),
  ]);
  const first = <Key extends 'objectives' | 'loads' | 'backups' | 'findings' | 'steps'>(
    list: Key,
    keys: (keyof DrillResult[Key][number])[],
  ): [string, Setter][] =>
    keys.map((key) => [
      `${list}[0].${String(key)}`,
      (result, value) => Object.assign(result[list][0]!, { [key]: value }),
    ]);
  return [
    ...time,
    ...data,
    ['unavailableSeconds', (result, value) => Object.assign(result, { unavailableSeconds: value })],
    ...first('objectives', ['actualMs', 'worstMs']),
    ...first('loads', ['acknowledged', 'holes', 'lostBeforeFault', 'lostAfterFault']),
    ...first('backups', ['consistentMs', 'durableMs', 'plainBytes', 'storedBytes']),
    ...first('findings', ['actual', 'objective']),
  ];
}

/**
 * Wherever a format shows a figure at all, an unknown one looks different from nought. `whole` has every
 * figure measured.
 */
export async function assertUnknownIsNotNought(format: Format, whole: DrillResult): Promise<void> {
  for (const [name, set] of figuresOf(whole)) {
    const withValue = (value: number | null): Promise<string> => {
      const copy = structuredClone(whole);
      set(copy, value);
      return textOf(format, copy);
    };
    const unknown = await withValue(null);
    if (unknown !== (await withValue(54_321)))
      expect(unknown === (await withValue(0)), `${name}: null looks like 0`).toBe(false);
  }
}

/** What was not measured is said so (as null in data). `open` has unknown objectives. */
export async function assertUnknownIsSaid(format: Format, open: DrillResult): Promise<void> {
  expect(await textOf(format, open)).toMatch(
    format.file.endsWith('.json') ? /"actualMs": null/ : /not measured/,
  );
}

/**
 * What holds for every report. `samples` are valid results: passed with every figure, failed, unproven,
 * interrupted, and one full of hostile text.
 */
export function formatConformance(
  formats: Record<string, Format>,
  samples: Record<'pass' | 'fail' | 'inconclusive' | 'interrupted' | 'hostile', DrillResult>,
): void {
  test.each(Object.entries(samples))('the sample %s is a valid result', (_, sample) => {
    expect(resultSchema.safeParse(sample).error).toBeUndefined();
  });
  test('each format writes a file of its own', () => {
    const files = Object.values(formats).map(({ file }) => file);
    expect(new Set(files).size).toBe(files.length);
    for (const file of files) expect(file).toMatch(/^[a-z-]+\.[a-z]+$/);
  });
  describe.each(Object.entries(formats))('%s', (_, format) => {
    test.each(Object.entries(samples))('renders %s, the same each time', (__, sample) =>
      assertPure(format, sample),
    );
    test.each(Object.entries(samples))('shows the verdict of %s', (__, sample) =>
      assertVerdictShows(format, sample),
    );
    test.each(Object.entries(samples))('promises no compliance for %s', async (__, sample) =>
      expect(await textOf(format, sample)).not.toMatch(/complian|certified/i),
    );
    test('lets nothing hostile through', () => assertHarmless(format, samples.hostile));
    test('tells unknown from nought', () => assertUnknownIsNotNought(format, samples.pass));
    test('says what was not measured', () => assertUnknownIsSaid(format, samples.inconclusive));
  });
}
