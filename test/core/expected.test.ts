import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { parseAs, parseSource } from '../../core/document.ts';
import { InputErrors } from '../../core/errors.ts';

/** What a user reads that a value should have been; null where it is accepted. */
function expectedOf(schema: z.ZodType, value: string): string | null {
  try {
    parseAs(parseSource('file.yaml', `a: ${value}\n`), z.strictObject({ a: schema }));
    return null;
  } catch (error) {
    if (error instanceof InputErrors) return error.all[0]!.expected ?? '';
    throw error;
  }
}

const words: [schema: z.ZodType, bad: string, said: string, good: string][] = [
  [z.array(z.string()), 'x', 'a list', '[x]'],
  [z.array(z.string()), '{ b: 1 }', 'a list', '[]'],
  [z.array(z.string()).min(1), '[]', 'a list with something in it', '[x]'],
  [z.array(z.string()).max(2), '[a, b, c]', 'a list of at most 2', '[a, b]'],
  [z.strictObject({}), '[]', 'a mapping', '{}'],
  [z.record(z.string(), z.string()), 'x', 'a mapping', '{ b: x }'],
  [z.string(), '5', 'a text', '"5"'],
  [z.string().min(1), '""', 'a text that is not empty', 'x'],
  [z.string().regex(/^b+$/), 'c', 'a text of the form /^b+$/', 'bb'],
  [z.number(), 'x', 'a number', '1.5'],
  [z.int(), 'x', 'a whole number', '2'],
  [z.int(), '2.5', 'a whole number', '2'],
  [z.int().min(1), '0', '1 or more', '1'],
  [z.int().positive(), '0', 'more than 0', '1'],
  [z.int().max(5), '6', '5 or less', '5'],
  [z.number().lt(1), '1', 'less than 1', '0.9'],
  [z.boolean(), 'maybe', '`true` or `false`', 'true'],
  [z.literal('all'), '5', '`all`', 'all'],
  [z.enum(['copy', 'empty']), '5', 'one of copy, empty', 'copy'],
  [z.union([z.string(), z.array(z.string())]), '5', 'a text, or a list', '[x]'],
  [
    z.record(z.string().regex(/^b+$/, { error: 'a name of bs' }), z.int()),
    '{ c: 1 }',
    'a name of bs',
    '{ bb: 1 }',
  ],
];

describe('what should have stood there, in plain words', () => {
  test.each(words)('%#: %2$s is not %3$s', (schema, bad, said, good) => {
    expect(expectedOf(schema, bad)).toBe(said);
    expect(expectedOf(schema, good)).toBeNull();
  });

  test("also of what is missing, and in a schema's own words where it has some", () => {
    const source = parseSource('file.yaml', 'b: 1\n');
    const missing = (schema: z.ZodType): unknown => {
      try {
        return parseAs(source, z.object({ a: schema }));
      } catch (error) {
        return (error as InputErrors).all[0];
      }
    };
    expect(missing(z.array(z.string()))).toMatchObject({ message: '"a" is missing', expected: 'a list' });
    expect(missing(z.string({ error: 'a colour' }))).toMatchObject({
      message: '"a" is missing',
      expected: 'a colour',
    });
  });
});

test('the library keeps its own words for whoever else uses it', () => {
  expect(z.config().customError).toBeUndefined();
  expect(z.int().safeParse('x').error!.issues[0]!.message).toMatch(/^Invalid input/);
});
