import { z } from 'zod';
import { jsonSchemaOf, pickByKey } from './pick.ts';
import { stepKinds, stepSchemas } from './steps/index.ts';
import { duration } from './strategy.ts';
import { parseRatePerSecond } from './units.ts';
import type { Stops } from './until.ts';

export type { Step } from './steps/index.ts';

export interface Rate {
  text: string;
  perSecond: number;
}

const rateExpected = 'a rate with its unit, such as 2000/s or 30/m';
const rate = z
  .string({ error: rateExpected })
  .refine((text) => (parseRatePerSecond(text) ?? 0) > 0, { error: rateExpected })
  .transform((text): Rate => ({ text, perSecond: parseRatePerSecond(text)! }))
  .meta({
    type: 'string',
    pattern: '^\\d+(\\.\\d+)?/(s|m|h)$',
    description: 'Operations per second, minute or hour: 2000/s, 30/m',
  });

/** Boundaries of a backup or a restore that a fault can wait for. */
export const boundaryMoments = [
  'backup.begun',
  'backup.uploading',
  'backup.dumped',
  'backup.durable',
  'prune',
  'restore.begun',
  'restore.halfway',
] as const;
export type BoundaryMoment = (typeof boundaryMoments)[number];
export const isBoundary = (at: string): at is BoundaryMoment =>
  (boundaryMoments as readonly string[]).includes(at);

/** `worst`: just before the next recovery point becomes durable. `+5s`: that long after the load began. */
const momentExpected = `\`worst\`, an offset such as +5s, or one of ${boundaryMoments.join(', ')}`;
const momentText = z
  .string()
  .regex(
    new RegExp(`^(worst|\\+\\d+(\\.\\d+)?(ms|s|m)|${boundaryMoments.join('|').replaceAll('.', '\\.')})$`),
    { error: momentExpected },
  );
const moment = momentText.default('worst');

/**
 * `beforehand`: how things stood when the fault came, such as a slow link; no time is counted from it, and
 * its target is not what is recovered.
 */
export interface FaultPlan {
  name: string;
  target: string;
  at: string;
  beforehand?: true;
  params: Record<string, unknown>;
}

/** For editors: what a fault takes, and nothing else. Made when somebody asks for a JSON Schema. */
const faultMeta = (fault: string, params: z.ZodType): Record<string, unknown> => ({
  get properties() {
    return {
      [fault]: { type: 'string', description: 'The component to break' },
      at: {
        ...jsonSchemaOf(moment),
        description:
          '`worst`: just before the next recovery point becomes durable; or an offset from the beginning of the load, such as +5s',
      },
      beforehand: {
        type: 'boolean',
        description:
          'A circumstance of the fault that follows, such as a slow link: no time is counted from it',
      },
      ...(jsonSchemaOf(params)['properties'] as object),
    };
  },
  get required() {
    return [fault, ...((jsonSchemaOf(params)['required'] as string[] | undefined) ?? [])];
  },
  additionalProperties: false,
});

/**
 * Parameters stay as written here: each fault's own schema reads them at plan time, where the line is still
 * known.
 */
const faultSchema = (known: Record<string, z.ZodType>) =>
  pickByKey(
    'fault',
    Object.fromEntries(
      Object.entries(known).map(([fault, params]) => [
        fault,
        z
          .looseObject({
            [fault]: z.string().describe('The component to break'),
            at: moment,
            beforehand: z.boolean().default(false),
          })
          .transform(
            ({ at, beforehand, [fault]: target, ...rest }): FaultPlan => ({
              name: fault,
              target: target as string,
              at: at as string,
              ...(beforehand ? { beforehand: true } : {}),
              params: rest,
            }),
          )
          .meta(faultMeta(fault, params)),
      ]),
    ),
  ) as unknown as z.ZodType<FaultPlan, Record<string, unknown>>;

/**
 * A scenario: one drill. `faults` gives the parameter schema of each registered fault, `stops` what each
 * registered log can be stopped at.
 */
export const scenarioSchema = (faults: Record<string, z.ZodType>, stops: readonly Stops[] = []) =>
  z.strictObject({
    scenario: z
      .string()
      .regex(/^[a-z][a-z0-9-]*$/, { error: 'a name of lower-case letters, digits and dashes' }),
    strategy: z.string().describe('Path of the strategy, from this file'),
    title: z.string(),
    about: z.string().optional(),
    timeScale: z
      .number()
      .min(1)
      .optional()
      .describe(
        'Compresses the intervals of schedules, never durations: 60 runs a five-minute schedule every five seconds, 1 in real time. Where it is left out, each schedule runs every twice as long as its first backup took, at least every 2s and never more seldom than declared',
      ),
    seed: z.array(stepKinds.run.schema).default([]).describe('Actions that load the data set'),
    load: z.record(
      z.string(),
      z.strictObject({
        target: z.string(),
        rate,
        by: z
          .string()
          .optional()
          .describe("A load generator of the target's driver; its own workload by default"),
        volatile: z.boolean().default(false).describe('The recovery throws this data away on purpose'),
        least: z
          .int()
          .min(1)
          .optional()
          .describe(
            'Acknowledged operations before the fault below which nothing is said of its losses; 100 by default',
          ),
        impact: z
          .enum(['required', 'none'])
          .optional()
          .describe('`none`: the clients of this load are expected to notice nothing'),
      }),
    ),
    sustained: z
      .record(
        z.string(),
        z.strictObject({
          target: z.string(),
          rate: rate
            .refine(({ perSecond }) => perSecond >= 1, { error: 'at least 1/s' })
            .describe('Requests over all connections together'),
          connections: z.int().min(1).max(1000).default(10),
          requests: z
            .array(z.string())
            .min(1)
            .optional()
            .describe("Which of the target's probes, in turn; all that are one request when left out"),
        }),
      )
      .default({})
      .describe(
        'Requests by a load generator beside the clients of the ledger: the traffic under which the system is broken and recovers. They are in no ledger',
      ),
    protect: z.array(z.string()).default([]).describe('component.backup: what runs on its schedule'),
    points: z
      .int()
      .min(1)
      .default(1)
      .describe('Recovery points of each snapshot backup to have before the fault'),
    fault: z.union([faultSchema(faults).transform((one) => [one]), z.array(faultSchema(faults)).min(1)], {
      error:
        'a fault such as { crash: redis, at: worst }, or a list of them; `muster list faults` names them all',
    }),
    recover: z.union([z.literal('automatic'), z.array(pickByKey('step', stepSchemas(stops))).min(1)], {
      error: '`automatic`, or a list of steps',
    }),
    stepDeadline: duration
      .default({ text: '30m', ms: 1_800_000 })
      .describe(
        'How long one step of the recovery may take, and as well one of the preparation, the injection of a fault, or a backup that is waited for; what takes longer has failed',
      ),
    attempts: z
      .int()
      .min(1)
      .max(5)
      .default(1)
      .describe('How often the recovery is begun anew when a step of it failed'),
    sweep: z
      .array(momentText)
      .min(1)
      .optional()
      .describe(
        "The same drill at each of these moments, such as +8s; they replace the first fault's. A backup that is made beside Muster keeps a time of its own: several offsets show more of it than one",
      ),
    check: z.array(z.string()).min(1),
    decline: z
      .record(z.string(), z.string().min(1))
      .default({})
      .describe(
        'Checks that would run by default, such as mysql.inventory, and why they do not: the report says so',
      ),
    staysAway: z
      .array(z.string())
      .default([])
      .describe(
        'Components or services that are not meant to be there at the end, such as a fenced primary; a lost region that is not given back needs no mention',
      ),
    impact: z
      .enum(['required', 'none'])
      .default('required')
      .describe('`none`: the client is expected to notice nothing'),
    giveUp: duration
      .default({ text: '2m', ms: 120_000 })
      .describe(
        'How long after the recovery steps to wait for right answers, and at most (up to 60s) for somebody to notice the fault',
      ),
    settle: duration
      .refine(({ ms }) => ms >= 2_000, { error: 'at least 2s: fewer right answers are no recovery' })
      .default({ text: '2s', ms: 2_000 })
      .describe(
        'How long right answers must go on while observed; at least 2s, which is what a recovery is judged by',
      ),
  });

/** What a restore test is read as: a scenario in which nothing is broken, and no client is there. */
export const restoreTestSchema = () =>
  scenarioSchema({}).extend({
    load: z.record(z.string(), z.never()).default({}),
    fault: z.array(z.never()).default([]),
    check: z.array(z.string()).default([]),
    // No client's right answers are waited for: what is restored is asked itself.
    settle: duration.default({ text: '2s', ms: 2_000 }),
  });

export type Scenario = z.infer<ReturnType<typeof scenarioSchema>>;
