import { z } from 'zod';
import { duration } from '../../core/strategy.ts';
import { badPath } from './json-path.ts';
import { badTemplate } from './template.ts';

/** Words that more than one part of the configuration is made of. */
const checked = (bad: (text: string) => string | null) =>
  z.string().superRefine((text, context) => {
    const expected = bad(text);
    if (expected !== null) context.addIssue({ code: 'custom', message: expected, input: text });
  });

export const jsonPath = checked(badPath).describe('A JSON path (RFC 9535), such as $.items[0].id');
export const template = checked(badTemplate);
export const pathTemplate = template.regex(/^(\/|\{\{)/, { error: 'a path that begins with /' });

function badPattern(text: string): string | null {
  try {
    new RegExp(text, 'u');
    return null;
  } catch {
    return 'a regular expression';
  }
}
export const pattern = checked(badPattern).describe('A regular expression');

const status = z.int({ error: 'a status such as 200' }).min(100).max(599);
/** One status or several. */
export const statuses = z
  .union([status.transform((one) => [one]), z.array(status).min(1)], {
    error: 'a status such as 201, or a list such as [200, 204]',
  })
  .describe('One status, or a list of them');

const scalar = z.union([template, z.number(), z.boolean(), z.null()]);
const match = z
  .union([scalar, z.strictObject({ pattern })], { error: 'a value, or { pattern: … }' })
  .describe('The value, or { pattern } that it must match');
export type Match = z.output<typeof match>;

export const expectation = z
  .strictObject({
    status: statuses.optional().describe('200 to 299 when left out'),
    headers: z.record(z.string(), match).default({}),
    json: z
      .record(jsonPath, match)
      .default({})
      .describe('By JSON path: the value there. Any of it makes a body that is no JSON a wrong answer'),
    isJson: z.boolean().optional().describe('The body must be JSON, whatever it says'),
    body: pattern.optional().describe('The body must match it'),
    within: duration.optional().describe('A later answer is a wrong one'),
  })
  .describe('What the answer must be');
export type Expectation = z.output<typeof expectation>;

/** Where in an answer something stands. A text is a JSON path. */
export const found = z
  .union(
    [
      jsonPath,
      z.strictObject({ json: jsonPath, pattern: pattern.optional() }),
      z.strictObject({ header: z.string().min(1), pattern: pattern.optional() }),
      z.strictObject({ cookie: z.string().min(1) }),
      z.strictObject({ body: pattern }),
    ],
    { error: 'a JSON path, or { json }, { header }, { cookie } or { body: pattern }' },
  )
  .describe('A JSON path, or { json }, { header }, { cookie } or { body }; of a pattern its first group');
export type Found = z.output<typeof found>;

/** The same in an item of a list, which has no headers. */
export const foundInItem = z
  .union([jsonPath, z.strictObject({ json: jsonPath, pattern: pattern.optional() })], {
    error: 'a JSON path, or { json, pattern }',
  })
  .describe('A JSON path from the item on, or { json, pattern }');
export type FoundInItem = z.output<typeof foundInItem>;
