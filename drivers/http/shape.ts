import { z } from 'zod';
import { duration } from '../../core/strategy.ts';
import { pathTemplate, statuses, template } from './match.ts';
import { list, probeSteps, readSteps, request, steps } from './request-shape.ts';

const secretName = z.string().min(1).describe('Name of a secret');

const auth = z.union(
  [
    z.strictObject({ bearer: secretName }),
    z.strictObject({ basic: z.strictObject({ user: z.string().min(1), password: secretName }) }),
    z.strictObject({
      login: steps.describe('Done once, and again when a request is refused with 401; its cookies are kept'),
      headers: z.record(z.string(), template).default({}).describe('What every other request then has'),
    }),
  ],
  { error: '{ bearer: SECRET }, { basic: { user, password: SECRET } } or { login, headers }' },
);

const journey = z.strictObject({
  write: steps.describe('What is acknowledged when its last answer is right'),
  rewrite: steps.optional().describe('Gives what is there another {{value}}; nothing is when left out'),
  read: readSteps.describe('How what was written is read'),
  list: list.optional().describe('How everything is read back; by reading each one when left out'),
  remove: steps.optional().describe('Nothing is removed when left out'),
  fails: statuses.default([]).describe('Statuses by which a write or removal certainly did nothing'),
  absent: statuses.default([404, 410]).describe('Statuses by which what is asked for is not there'),
  settles: duration.optional().describe('What was written may be read from so long afterwards on'),
  neverReturn: z.boolean().default(false).describe('What was removed must never be back'),
});
export type JourneyShape = z.output<typeof journey>;

const requestOrPath = z.union([pathTemplate.transform((path) => request.parse({ get: path })), request], {
  error: 'a path such as /health, or a request',
});
const named = z.string().regex(/^[a-z][a-z0-9-]*$/, {
  error: 'a name of lower-case letters, digits and dashes, beginning with a letter',
});

export const configShape = z.strictObject({
  base: z
    .string()
    .regex(/^(\/[^/\s?#]+)*$/, { error: 'a path such as /api, without a slash at its end' })
    .default('')
    .describe('What stands before every path'),
  host: z.string().min(1).optional().describe('The Host that requests name; the address when left out'),
  tls: z
    .strictObject({
      name: z.string().min(1).describe('The name that the certificate must be for'),
      caFrom: secretName.describe("Secret that holds the authority's certificate, PEM"),
    })
    .optional()
    .describe('Without it, plain HTTP'),
  timeout: duration
    .default({ text: '2s', ms: 2_000 })
    .describe('Without a whole answer by then there is none'),
  headers: z.record(z.string(), template).default({}).describe('What every request has'),
  auth: auth.optional(),
  ready: requestOrPath.describe('The service is ready when this is answered as expected'),
  startWithin: duration
    .default({ text: '60s', ms: 60_000 })
    .describe('From the start of its container on it may take so long until it is ready'),
  setup: steps.optional().describe('Done once before anything is written: an account, say'),
  probes: z
    .record(named, probeSteps)
    .default({})
    .describe('Requests, or steps in a row, with the answers that they must get'),
  openapi: z
    .union(
      [
        z
          .string()
          .min(1)
          .transform((from) => ({ from, leave: [] as string[] })),
        z.strictObject({
          from: z.string().min(1).describe('The document, from the strategy'),
          leave: z
            .array(
              z.string().regex(/^\//, { error: 'a path such as /logout, or a pattern such as /admin/**' }),
            )
            .default([])
            .describe(
              'Paths of which no probe is made, by name or pattern: what a GET changes, or is too much',
            ),
        }),
      ],
      { error: 'the path of an OpenAPI document, or { from, leave }' },
    )
    .optional()
    .describe(
      'An OpenAPI document (2.0 to 3.1): each GET that needs no parameter is a probe more, with the status and the JSON that it promises',
    ),
  samples: z
    .int()
    .min(1)
    .max(1000)
    .default(16)
    .describe('A probe with {{sample}} in it is asked for so many numbers, from 0 on'),
  journeys: z.record(named, journey).default({}).describe('How what clients do is written and read again'),
  calls: z.record(named, steps).default({}).describe('What the action `call` can do'),
});

export type HttpConfig = z.output<typeof configShape>;
