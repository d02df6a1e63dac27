import { z } from 'zod';
import { textFormat } from '../core/format.ts';
import { resultSchema } from '../core/result.ts';

/** JSON Schema (2020-12) of `result.json`, for `muster schema`. */
export const resultJsonSchema = (): Record<string, unknown> => ({
  title: 'Muster drill result',
  ...z.toJSONSchema(resultSchema),
});

/**
 * What a terminal or an editor would act on or hide stands as an escape: the same data to a program, and safe
 * to look at.
 */
const escaped = (text: string): string =>
  text.replace(/[\p{Cf}\p{Noncharacter_Code_Point}\u007f-\u009f\u2028\u2029]/gu, (character) =>
    Array.from(
      { length: character.length },
      (_, index) => `\\u${character.charCodeAt(index).toString(16).padStart(4, '0')}`,
    ).join(''),
  );

/**
 * The result itself, for programs. Throws a ZodError where the result is not what the schema says: a wrong
 * file is worse than none.
 */
export const json = textFormat({
  about: 'The result as data, with its published schema',
  file: 'result.json',
  text: (result) => `${escaped(JSON.stringify(resultSchema.parse(result), null, 2))}\n`,
});
