import { z } from 'zod';

/** Known-bad behaviour, for drills that must not pass. Everything is off unless asked for. */
const bad = z.strictObject({
  omit: z
    .strictObject({ every: z.int().min(1), of: z.enum(['ids', 'groups']).default('groups') })
    .optional()
    .describe('Copies silently leave out every n-th id or group of the workload'),
  forgetsOnCrash: z.int().min(0).default(0).describe('Acknowledged writes that a crash loses'),
  forgetsOnceRestored: z
    .int()
    .min(1)
    .optional()
    .describe('Every n-th atomic write after a restore is acknowledged and not kept'),
  leavesLogUnread: z
    .boolean()
    .default(false)
    .describe('Following the journal ends without what was committed last, and says so'),
  readBack: z.enum(['whole', 'fails']).default('whole').describe('`fails`: reading back breaks off half-way'),
  faults: z
    .enum(['real', 'nothing'])
    .default('real')
    .describe('`nothing`: faults are accepted and do nothing'),
  undo: z
    .enum(['works', 'fails', 'lies'])
    .default('works')
    .describe('`fails`: rejects. `lies`: resolves and heals nothing'),
  unnoted: z.boolean().default(false).describe('What is there cannot be noted before the load'),
  hangs: z
    .enum(['attach', 'seed', 'prepare', 'copy', 'wipe', 'restore', 'read', 'read-back', 'check', 'close'])
    .optional()
    .describe('What never ends'),
  kept: z
    .enum(['whole', 'altered', 'gone', 'empty'])
    .default('whole')
    .describe('What becomes of copies that it keeps by itself; `empty`: there is nothing in them at once'),
  stallBackupsAfter: z.int().min(0).optional().describe('Copies that succeed before every later one hangs'),
});

export const configSchema = z.strictObject({
  groupSize: z.union([z.literal(1), z.literal(2), z.literal(4), z.literal(8), z.literal(16)]).default(4),
  neverReturn: z.boolean().default(false).describe('Removed records must never be back'),
  restartAfterMs: z
    .number()
    .min(0)
    .default(200)
    .describe(
      'How long its process takes to come up: by itself after a crash or a wipe, and when it is started after a stop',
    ),
  latencyMs: z.number().min(0).default(0).describe('Time of one operation; 0 is one turn of the event loop'),
  timeoutMs: z.number().positive().default(1000).describe('How long a client waits for an answer'),
  missingTable: z
    .enum(['empty', 'error'])
    .default('empty')
    .describe(
      '`empty`: as a key space, a table that is not there has no rows. `error`: as SQL, it is an error',
    ),
  bad: bad.prefault({}),
});

export type MemoryConfig = z.output<typeof configSchema>;
