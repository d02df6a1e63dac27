import { z } from 'zod';
import { dataClasses } from './analysis.ts';
import { knownBadSchema } from './known-bad.ts';
import { phases, stages } from './timeline.ts';

const verdict = z.enum(['pass', 'fail', 'inconclusive']);
const ms = z.number().nullable();

const findingSchema = z.strictObject({
  id: z.string(),
  claim: z.string().nullable(),
  title: z.string(),
  verdict,
  actual: z.number().nullable(),
  objective: z.number().nullable(),
  unit: z.enum(['ms', 'count', 'bytes', 'ratio']).nullable(),
  detail: z.string(),
  basis: z.string(),
  evidence: z.array(z.number().int()).describe('Sequence numbers in events.jsonl'),
  gate: z.boolean(),
  weight: z.number(),
});

const counts = z.record(z.enum(dataClasses), z.number().int());
const loadSchema = z.strictObject({
  load: z.string(),
  target: z.string(),
  kind: z.enum(['data', 'visits']),
  volatile: z.boolean(),
  operations: z.number().int(),
  right: z.number().int(),
  wrong: z.number().int(),
  failed: z.number().int(),
  unknown: z.number().int(),
  acknowledged: z.number().int().nullable(),
  classes: counts.nullable().describe('Null: not read back, nothing is known'),
  holes: z.number().int().nullable(),
  lostBeforeFault: z.number().int().nullable(),
  lostAfterFault: z
    .number()
    .int()
    .nullable()
    .describe('Without what was lost after the recovery, which is a class of its own'),
  examples: z.record(z.string(), z.array(z.strictObject({ id: z.number(), what: z.string() }))),
});

const alertSchema = z.strictObject({
  alert: z.string(),
  component: z.string().nullable().describe('Whose clients saw it'),
  when: z.enum(['error-rate', 'response-time', 'health-check']),
  severity: z.enum(['warning', 'critical']).nullable(),
  condition: z.string().describe('In words'),
  state: z.enum(['fired', 'silent', 'unknown']).describe('unknown: there was nothing to evaluate'),
  firedMs: ms.describe('When it would have fired; null: never, or not known'),
  clearedMs: ms,
  falseAlarmMs: ms.describe('When it would have fired before anything was broken'),
  basis: z.string().describe('observed, or what of it is derived'),
  detail: z.string(),
});

const errorBudgetSchema = z.strictObject({
  target: z.number().describe('Share of the time in which clients are served'),
  periodMs: z.number(),
  budgetMs: z.number().describe('(1 - target) * period'),
  load: z.string().nullable().describe('The load that fared worst'),
  badMs: ms.describe(
    'Time without service that the drill saw, each stretch by its share of failed and slow operations',
  ),
  burnt: z.number().nullable().describe('bad / budget'),
  delayMs: z
    .number()
    .describe('Derived detection and declared people: in real life the outage goes on for as long'),
  worstBurnt: z.number().nullable().describe('(bad + delay) / budget'),
  detail: z.string(),
});

/**
 * `result.json`: everything a report shows. Times are ms since the drill's origin (monotonic). Null is: not
 * measured.
 */
export const resultSchema = z.strictObject({
  schema: z.literal('muster/result/v1'),
  drill: z.string(),
  scenario: z.string(),
  title: z.string(),
  about: z.string().nullable(),
  strategy: z.string(),
  seed: z.number().int(),
  timeScale: z.number(),
  begunUtc: z.string(),
  durationMs: z.number(),
  muster: z.string(),
  host: z.record(z.string(), z.string()),
  images: z.array(
    z.strictObject({
      service: z.string(),
      reference: z.string(),
      digest: z.string(),
      source: z.enum(['pulled', 'built', 'present']),
    }),
  ),
  servers: z.record(z.string(), z.string()),
  outcome: z.enum(['completed', 'refused', 'aborted', 'interrupted']),
  error: z.string().nullable(),
  verdict,
  exitCode: z.number().int(),
  score: z.strictObject({
    low: z.number(),
    high: z.number(),
    of: z.number(),
    points: z.array(
      z.strictObject({
        finding: z.string(),
        claim: z.string().nullable(),
        weight: z.number(),
        low: z.number(),
        high: z.number(),
        evidence: z.array(z.number().int()),
      }),
    ),
    gates: z.array(z.string()).describe('Findings that fail the drill whatever the points'),
  }),
  time: z.strictObject({
    faultMs: ms,
    witnessedMs: ms,
    impactMs: ms,
    detectedMs: ms,
    recoveryBegunMs: ms,
    recoveryEndedMs: ms,
    readyMs: ms,
    correctMs: ms,
    verifiedMs: ms,
    rtaMs: ms.describe('correct - fault'),
    outageMs: ms.describe('correct - impact; never called RTO'),
    restoreOnlyMs: ms.describe('Restore and replay stages alone; never called RTO'),
    resolutionMs: ms.describe('Probe period around correct'),
    derivedDetectionMs: ms,
    declaredPeopleMs: ms,
    madeReadyMs: z
      .number()
      .optional()
      .describe('What restores began with and no real site has ready: how long making it had taken'),
    worstRtaMs: ms.describe('rta + derived detection + declared people + made ready'),
  }),
  waterfall: z
    .array(
      z.strictObject({
        stage: z.enum([...stages, 'impact', 'correct', 'verify', 'other']),
        what: z.string(),
        beginMs: z.number(),
        endMs: z.number(),
      }),
    )
    .describe('Adds up to verified - fault'),
  data: z.strictObject({
    rpaMs: ms.describe('max(fault, ack of the newest lost write) - ack of the oldest lost write'),
    rpaAtMostMs: ms.describe(
      'max(fault, ack of the newest lost write) - ack of the newest write that is there: what is not known of the loss lies between rpa and this',
    ),
    worstRpaMs: ms.describe(
      'Interval declared, durability measured, plus what was thrown away after the fault',
    ),
    newestSurvivorMs: ms,
  }),
  objectives: z.array(
    z.strictObject({
      component: z.string(),
      kind: z.enum(['rto', 'rpo']),
      objectiveMs: z.number(),
      actualMs: ms,
      worstMs: ms,
      verdict,
      basis: z.string(),
    }),
  ),
  loads: z.array(loadSchema),
  backups: z.array(
    z.strictObject({
      backup: z.string(),
      point: z.string(),
      state: z.enum(['durable', 'failed', 'unfinished']),
      begunMs: z.number(),
      consistentMs: ms,
      durableMs: ms,
      plainBytes: z.number().nullable(),
      storedBytes: z.number().nullable(),
      copies: z.array(z.string()),
      position: z.record(z.string(), z.string()),
      error: z.string().nullable(),
    }),
  ),
  faults: z.array(
    z.strictObject({
      fault: z.string(),
      target: z.string(),
      begunMs: z.number(),
      witnessedMs: ms,
      proof: z.string().nullable(),
      healed: z.boolean().nullable(),
    }),
  ),
  steps: z.array(
    z.strictObject({
      title: z.string(),
      beginMs: z.number(),
      endMs: ms,
      ok: z.boolean().nullable(),
      error: z.string().nullable(),
      facts: z.json().describe('What the step says of its own work; null where it says nothing'),
    }),
  ),
  checks: z.array(
    z.strictObject({
      check: z.string(),
      component: z.string().nullable(),
      verdict,
      detail: z.string(),
      knownBad: knownBadSchema
        .nullable()
        .describe('A run in which this check was seen to fail; null: no known-bad run'),
    }),
  ),
  findings: z.array(findingSchema),
  phases: z.array(
    z.strictObject({ phase: z.enum(phases), beginMs: z.number(), endMs: ms, ok: z.boolean().nullable() }),
  ),
  series: z.array(
    z.strictObject({
      load: z.string(),
      bucketMs: z.number(),
      startMs: z.number(),
      right: z.array(z.number()),
      failed: z.array(z.number()),
      slow: z
        .array(z.number())
        .nullable()
        .describe("Right, but slower than the strategy's slo.slow; null: it names none"),
      slowestMs: z.array(z.number()),
      p50Ms: z.array(ms).describe('Upper bound, within 4 %'),
      p99Ms: z.array(ms).describe('Upper bound, within 4 %'),
    }),
  ),
  alerts: z.array(alertSchema),
  errorBudget: errorBudgetSchema.nullable().describe('Null: the strategy names no target'),
  unavailableSeconds: z
    .number()
    .nullable()
    .describe('Seconds with at least one failed operation, or none completed, from impact on'),
  notes: z
    .array(z.strictObject({ atMs: z.number(), text: z.string() }))
    .describe('What was noted on the way: nothing is judged by them'),
  limitations: z.array(z.string()).describe('What this drill does not show'),
});

export type DrillResult = z.infer<typeof resultSchema>;
