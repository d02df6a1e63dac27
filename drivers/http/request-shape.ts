import { z } from 'zod';
import { duration } from '../../core/strategy.ts';
import { expectation, found, foundInItem, jsonPath, pathTemplate, statuses, template } from './match.ts';

export const methods = ['get', 'head', 'post', 'put', 'patch', 'delete'] as const;
export type Method = (typeof methods)[number];

const path = (name: Method) => pathTemplate.optional().describe(`${name.toUpperCase()} this path`);

const requestShape = {
  get: path('get'),
  head: path('head'),
  post: path('post'),
  put: path('put'),
  patch: path('patch'),
  delete: path('delete'),
  headers: z
    .record(z.string().regex(/^[\w!#$%&'*+.^`|~-]+$/, { error: 'the name of a header' }), template)
    .default({}),
  json: z.unknown().optional().describe('Body, as JSON; every text in it is a template'),
  form: z.record(z.string(), template).optional().describe('Body, as a browser sends a form'),
  text: template.optional().describe('Body, as it is'),
  auth: z.boolean().default(true).describe('false: without what `auth` of the configuration adds'),
  follow: z
    .boolean()
    .default(false)
    .describe('Follow redirects of GET and HEAD to the same origin; else a redirect is the answer'),
  timeout: duration.optional().describe('Without a whole answer by then there is none'),
  expect: expectation.prefault({}),
};

/** These have a meaning of their own in templates. */
export const reserved = ['id', 'value', 'cursor', 'page', 'sample'];
const captureName = z.string().regex(/^(?!(?:id|value|cursor|page|sample)$)[A-Za-z][A-Za-z0-9_-]*$/, {
  error: `a name of letters, digits, _ and -, and none of ${reserved.join(', ')}`,
});

const stepShape = {
  ...requestShape,
  capture: z
    .record(captureName, found)
    .default({})
    .describe('Names for parts of the answer; an answer that lacks one is wrong'),
  fails: statuses.optional().describe('Statuses by which it certainly did nothing'),
  absent: statuses.optional().describe('Statuses by which what is asked for is not there'),
};

type Asking = Partial<Record<Method, string | undefined>> & {
  json?: unknown;
  form?: unknown;
  text?: unknown;
};

/** Exactly one method, and at most one body. */
function oneOfEach(request: Asking, context: z.RefinementCtx): void {
  const custom = (message: string): void => context.addIssue({ code: 'custom', message });
  if (methods.filter((name) => request[name] !== undefined).length !== 1)
    custom(`exactly one of ${methods.join(', ')}`);
  if ([request.json, request.form, request.text].filter((body) => body !== undefined).length > 1)
    custom('at most one of json, form and text');
}

export const request = z.strictObject(requestShape).superRefine(oneOfEach);
export type Request = z.output<typeof request>;

const step = z.strictObject(stepShape).superRefine(oneOfEach);
export type Step = z.output<typeof step>;

const probeStep = z
  .strictObject({
    ...requestShape,
    capture: stepShape.capture,
    same: z
      .array(jsonPath)
      .default([])
      .describe('What stands there must be what stood there before anything was broken'),
    alike: z
      .boolean()
      .optional()
      .describe(
        'Beside what is expected, it must be like it was before anything was broken, as an answer is of which nothing is expected',
      ),
  })
  .superRefine(oneOfEach);
export type ProbeStep = z.output<typeof probeStep>;

const readStep = z
  .strictObject({
    ...stepShape,
    value: found.optional().describe('Where the {{value}} stands that was written'),
    id: found
      .optional()
      .describe('Where the {{id}} stands that was written: an answer about another is none'),
  })
  .superRefine(oneOfEach);
export type ReadStep = z.output<typeof readStep>;

export const list = z
  .strictObject({
    ...requestShape,
    each: jsonPath.describe('The items of a page'),
    id: foundInItem.describe('Where in an item the {{id}} stands that was written'),
    value: foundInItem
      .optional()
      .describe('Where in an item the value stands; where `read` has it when left out'),
    next: found.optional().describe('Where a page says what {{cursor}} of the next one is'),
  })
  .superRefine(oneOfEach);
export type List = z.output<typeof list>;

const oneOrMore = <Shape extends z.ZodType>(shape: Shape) =>
  z.union([shape, z.array(shape).min(1)], { error: 'a request, or a list of them' });
export const steps = oneOrMore(step);
export const readSteps = oneOrMore(readStep);
export const probeSteps = oneOrMore(probeStep);

/** One request is a list of one. */
export const listed = <One>(steps: One | One[] | undefined): One[] =>
  steps === undefined ? [] : Array.isArray(steps) ? steps : [steps];

/** The method and its path, as the file has them: what messages may show. */
export function askedOf(request: Request): { method: Method; path: string; title: string } {
  const method = methods.find((name) => request[name] !== undefined)!;
  const path = request[method]!;
  return { method, path, title: `${method.toUpperCase()} ${path}` };
}
