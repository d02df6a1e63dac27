import { describe, expect, test } from 'vitest';
import type { Format } from '../../core/format.ts';
import { resultSchema, type DrillResult } from '../../core/result.ts';

const textOf = (format: Format, result: DrillResult): string => {
  const rendered = format.render(result);
  return typeof rendered === 'string' ? rendered : Buffer.from(rendered).toString('latin1');
};
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
export function assertPure(format: Format, sample: DrillResult): void {
  const frozen = freeze(structuredClone(sample));
  const first = textOf(format, frozen);
  expect(textOf(format, frozen)).toBe(first);
  expect(textOf(format, JSON.parse(JSON.stringify(sample)) as DrillResult)).toBe(first);
}

/** The verdict is there as a word, and another verdict looks different. */
export function assertVerdictShows(format: Format, sample: DrillResult): void {
  const text = textOf(format, sample);
  expect(shown(text).toLowerCase()).toContain(sample.verdict);
  for (const verdict of ['pass', 'fail', 'inconclusive'] as const)
    if (verdict !== sample.verdict) expect(textOf(format, { ...sample, verdict })).not.toBe(text);
}

/**
 * No raw control character, escape sequence or direction override gets through, nor a live tag. JSON escapes
 * by itself.
 */
export function assertHarmless(format: Format, hostile: DrillResult): void {
  const text = textOf(format, hostile);
  expect(/[\p{Cc}\p{Bidi_Control}\p{Cs}\uffff]/u.exec(text.replace(/[\n\t]/g, ''))).toBeNull();
  if (format.file.endsWith('.json')) return;
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
export function assertUnknownIsNotNought(format: Format, whole: DrillResult): void {
  for (const [name, set] of figuresOf(whole)) {
    const withValue = (value: number | null): string => {
      const copy = structuredClone(whole);
      set(copy, value);
      return textOf(format, copy);
    };
    const unknown = withValue(null);
    if (unknown !== withValue(54_321))
      expect(unknown === withValue(0), `${name}: null looks like 0`).toBe(false);
  }
}

/** What was not measured is said so (as null in data). `open` has unknown objectives. */
export function assertUnknownIsSaid(format: Format, open: DrillResult): void {
  expect(textOf(format, open)).toMatch(format.file.endsWith('.json') ? /"actualMs": null/ : /not measured/);
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
    test.each(Object.entries(samples))('promises no compliance for %s', (__, sample) =>
      expect(textOf(format, sample)).not.toMatch(/complian|certified/i),
    );
    test('lets nothing hostile through', () => assertHarmless(format, samples.hostile));
    test('tells unknown from nought', () => assertUnknownIsNotNought(format, samples.pass));
    test('says what was not measured', () => assertUnknownIsSaid(format, samples.inconclusive));
  });
}
