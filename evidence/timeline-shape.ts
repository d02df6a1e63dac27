import { z } from 'zod';
import { attachmentPattern } from '../core/attachment.ts';
import { exitCodes, type Trouble } from '../core/errors.ts';
import { provenances } from '../core/recovery-point.ts';
import type { Scenario } from '../core/scenario.ts';
import type { Strategy } from '../core/strategy.ts';
import {
  phases,
  stages,
  type EventData,
  type EventType,
  type Json,
  type TimelineEvent,
} from '../core/timeline.ts';
import { existingShapes } from './existing-shapes.ts';
import { access, connectionAttempt } from './region-shapes.ts';

/** Finite, as every number of zod is. */
const ms = z.number().min(0);
const count = z.int().min(0);
const text = z.string();
const texts = z.array(text);
/** Of what belongs together: no two things have the same. */
const id = z.string().regex(/^[a-z]+-\d+$/, { error: 'an id, such as fault-1' });
const sha256 = z.string().regex(/^[0-9a-f]{64}$/, { error: 'a SHA-256 in 64 hexadecimal digits' });
/** Whatever it is, JSON held it. */
const facts = z.custom<Json>((value) => value !== undefined, { error: 'something, or null' });
/** What is in them is read by their own schemas when a drill is planned. */
const isObject = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const scenario = z.custom<Scenario>(isObject, { error: 'a scenario' });
const strategy = z.custom<Strategy>(isObject, { error: 'a strategy' });
const error = text.optional();
const point = { backup: text, point: text };
const taken = { id, ...point };
const ofStep = { of: id, step: count, backup: text };
const fault = { id, fault: text, target: text };
const check = { check: text, facts };
const stage = { id, of: id, step: count, stage: z.enum(stages), what: text };
const region = { region: text };
const load = { load: text, index: count };

/** What goes with `ok: false`, and with nothing else. */
const wrongWith = 'an error where it is not ok, and only there';
const errorUnless = (good: boolean, said: string | undefined): boolean => good === (said === undefined);

const image = z.strictObject({
  service: text,
  reference: text,
  digest: text,
  source: z.enum(['pulled', 'built', 'present']),
});

const shapes = {
  'drill.begun': z.strictObject({
    procedure: z.literal('restore-test').optional(),
    drill: text,
    seed: z.number(),
    muster: text,
    originMonotonicMs: z.number(),
    scenarioFile: text,
    strategyFile: text,
    scenario,
    strategy,
    host: z.record(text, text),
  }),
  'phase.begun': z.strictObject({ phase: z.enum(phases) }),
  'phase.ended': z
    .strictObject({ phase: z.enum(phases), ok: z.boolean(), error })
    .refine((data) => !data.ok || data.error === undefined, { error: wrongWith }),
  'stack.up': z.strictObject({ project: text, images: z.array(image) }),
  'component.attached': z.strictObject({
    ...{ component: text, driver: text, service: text, server: text },
    shares: texts.optional(),
    forgets: z.literal(true).optional(),
  }),
  'load.begun': z.strictObject({
    ...load,
    target: text,
    kind: z.enum(['data', 'visits']),
    ratePerSecond: z.number().positive(),
    neverReturn: z.boolean(),
    volatile: z.boolean(),
    blindTo: z
      .array(z.enum(['phantom', 'duplicated', 'failed', 'corrupt']))
      .min(1)
      .optional(),
  }),
  'load.ended': z.strictObject({ ...load, operations: count }),
  'sustained.begun': z.strictObject({
    ...{ sustained: text, target: text },
    ...{ ratePerSecond: z.number().min(1), connections: count },
    requests: texts.optional(),
  }),
  'sustained.ended': z.strictObject({
    ...{ sustained: text, fromAtMs: z.number() },
    ...{ perSecond: z.array(count), statuses: z.record(text, count), errors: count, timeouts: count },
    latencyMs: z
      .strictObject({ p50: z.number(), p90: z.number(), p99: z.number(), max: z.number() })
      .nullable(),
  }),
  // Its sizes are held against the ledger itself (ledger-file.ts).
  'ledger.chunk': z.strictObject({ offset: z.number(), bytes: z.number(), sha256: text }),
  'schedule.begun': z.strictObject({
    backup: text,
    method: text,
    intervalMs: z.number().positive().nullable(),
    scaledMs: z.number().positive().nullable(),
    holds: z.literal('software').optional(),
    follows: z
      .strictObject({
        service: text.nullable(),
        set: z.strictObject({ name: text, value: z.string() }).optional(),
      })
      .optional(),
    leavesOut: z.array(text).min(1).optional(),
  }),
  'schedule.measured': z.strictObject({
    ...point,
    tookMs: ms,
    scaledMs: z.number().positive(),
    factor: z.number().positive(),
  }),
  'schedule.stopped': z.strictObject({ backup: text, reason: text, lateMs: ms.optional() }),
  'backup.begun': z.strictObject({ ...taken, lateMs: ms.optional(), lastWithoutMs: ms.optional() }),
  'backup.durable': z.strictObject({
    ...taken,
    consistentAtMs: ms,
    digest: sha256,
    copies: texts.min(1),
    payload: z.enum(['files', 'external']),
    plainBytes: count,
    storedBytes: count.nullable(),
    position: z.record(text, text),
  }),
  'backup.failed': z.strictObject({
    ...taken,
    error: text,
    cutOff: z.strictObject({ by: id, completeAtMs: ms }).optional(),
  }),
  'prune.begun': z.strictObject({ id, backup: text, points: texts }),
  'prune.ended': z.strictObject({
    id,
    backup: text,
    removed: texts,
    completed: texts,
    spared: text.nullable(),
    kept: count,
    objects: count,
    bytes: count,
    versionsStayIn: texts,
  }),
  'prune.failed': z.strictObject({ id, backup: text, error: text }),
  'log.durable': z.strictObject({
    backup: text,
    segment: count,
    file: text,
    offset: count,
    bytes: count,
    readAtMs: ms,
  }),
  'point.fetched': z.strictObject({
    ...ofStep,
    point: text,
    takenAt: z.iso.datetime().optional(),
    durableAt: z.iso.datetime().optional(),
    store: text,
    drill: text,
    digest: sha256,
    provenance: z.enum(provenances),
  }),
  'log.fetched': z.strictObject({ ...ofStep, store: text, drill: text, lastSegment: count }),
  'copy.refused': z.strictObject({ ...ofStep, store: text, point: text.nullable(), error: text }),
  ...existingShapes,
  'log.broken': z.strictObject({ backup: text, error: text, unread: z.literal(true).optional() }),
  'log.ended': z.strictObject({ backup: text, lastSegment: count, broken: z.boolean() }),
  'fault.begun': z.strictObject({
    ...fault,
    params: facts,
    on: z.enum(['store', 'region', 'service']).optional(),
    everyStore: z.literal(true).optional(),
    components: texts.optional(),
    beforehand: z.literal(true).optional(),
    underWay: count.optional(),
    losesData: z.literal([true, 'all']).optional(),
  }),
  'fault.injected': z.strictObject({ ...fault, facts, asks: z.literal(true).optional() }),
  'fault.witnessed': z.strictObject({ ...fault, proof: text, facts }),
  'fault.unwitnessed': z.strictObject({ ...fault, waitedMs: ms }),
  'fault.failed': z.strictObject({ ...fault, error: text }),
  'fault.route': z.strictObject({ ...fault, port: z.int().min(1).max(65_535), usedBy: texts }),
  'fault.asked-again': z.strictObject({
    ...fault,
    there: z.boolean().nullable(),
    proof: text,
    staysAway: z.boolean(),
  }),
  'region.lost': z.strictObject({
    of: id,
    ...region,
    how: z.enum(['dead', 'blackhole']),
    services: texts,
    stores: texts,
  }),
  'region.connections': z.strictObject({
    ...region,
    attempts: z.array(connectionAttempt),
    accesses: z.array(access),
    error,
  }),
  'region.returned': z.strictObject(region),
  'undo.begun': z.strictObject({ id, of: id, undo: text }),
  'undo.ended': z
    .strictObject({ id, undo: text, ok: z.boolean(), healed: z.boolean().nullable(), error })
    .refine(({ ok, healed, error }) => !ok || (healed !== false && error === undefined), {
      error: wrongWith,
    }),
  detected: z.strictObject({ by: z.enum(['client', 'probe']), detail: text }),
  undetected: z.strictObject({ waitedMs: ms }),
  'recovery.begun': z.strictObject({ automatic: z.boolean() }),
  'recovery.ended': z
    .strictObject({ ok: z.boolean(), error })
    .refine(({ ok, error }) => errorUnless(ok, error), { error: wrongWith }),
  'step.begun': z.strictObject({ id, step: count, title: text }),
  'step.ended': z
    .strictObject({ id, step: count, title: text, ok: z.boolean(), facts, error })
    .refine(({ ok, error }) => errorUnless(ok, error), { error: wrongWith }),
  'stage.begun': z.strictObject(stage),
  'stage.ended': z.strictObject({ ...stage, ok: z.boolean() }),
  'command.begun': z.strictObject({
    id,
    of: id.optional(),
    command: texts,
    in: text,
    oneOff: z.literal(true).optional(),
  }),
  'command.ended': z.strictObject({
    id,
    of: id.optional(),
    exitCode: z.int().nullable(),
    inTime: z.boolean(),
    tookMs: ms,
  }),
  'attachment.saved': z.strictObject({
    of: id,
    what: text,
    file: text.regex(attachmentPattern, { error: 'a file among the attachments' }),
    bytes: count,
    sha256,
  }),
  ready: z.strictObject({ component: text, again: z.int().min(2).optional() }),
  'observation.ended': z.strictObject({ settled: z.boolean(), calmSinceMs: z.number().optional() }),
  'readback.ended': z
    .strictObject({ ...load, complete: z.boolean(), records: count, error })
    .refine(({ complete, error }) => errorUnless(complete, error), { error: wrongWith }),
  'check.baseline': z.strictObject(check),
  'check.justBefore': z.strictObject(check),
  'check.silent': z.strictObject({ check: text, detail: text }),
  'check.ended': z.strictObject({
    ...check,
    component: text.nullable(),
    verdict: z.enum(['pass', 'fail', 'inconclusive']),
    detail: text,
  }),
  asked: z.strictObject({
    of: text,
    kind: z.enum(['component', 'service']),
    ready: z.boolean(),
    detail: text,
    staysAway: z.boolean(),
    stood: z.literal(false).optional(),
  }),
  'restore.beganWith': z.strictObject({
    of: text,
    what: text,
    sha256,
    madeAt: text,
    madeInMs: ms,
    timedBy: text,
  }),
  note: z.strictObject({ text }),
  'stack.down': z.strictObject({ ok: z.boolean(), error }),
  'drill.ended': z
    .strictObject({
      outcome: z.enum(['completed', 'refused', 'aborted', 'interrupted']),
      error,
      trouble: z.enum(Object.keys(exitCodes) as Trouble[]).optional(),
    })
    .refine(({ outcome, error, trouble }) => outcome !== 'completed' || (error ?? trouble) === undefined, {
      error: 'no error where it ran to its end',
    }),
} satisfies { [T in EventType]: z.ZodType<EventData[T]> };

/** Event types that say more, or otherwise, than their shape: there must be none. */
type Drifted = {
  [T in EventType]: [EventData[T], keyof EventData[T]] extends [
    z.output<(typeof shapes)[T]>,
    keyof z.output<(typeof shapes)[T]>,
  ]
    ? never
    : T;
}[EventType];
const held: [Drifted] extends [never] ? Record<string, z.ZodType> : never = shapes;

/** The first event whose data no drill writes, and why; null when there is none. */
export function oddShape(events: readonly TimelineEvent[]): string | null {
  for (const { seq, type, data } of events) {
    const shape = Object.hasOwn(held, type) ? held[type] : undefined;
    if (!shape) return `event ${seq} is of a kind that no drill writes: ${type}`;
    const { error: odd } = shape.safeParse(data);
    if (!odd) continue;
    const { path, message } = odd.issues[0]!;
    const at = path.length > 0 ? `${path.join('.')}: ` : '';
    return `event ${seq} (${type}) is not as a drill writes it: ${at}${message}`;
  }
  return null;
}
