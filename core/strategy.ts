import { z } from 'zod';
import { duration, type Duration } from './duration.ts';
import { existingSchema } from './existing-plan.ts';

export { duration, type Duration } from './duration.ts';

const keepExpected = 'a duration such as 14d, or { points: N } with N at least 1';
/**
 * How long, or how many, recovery points are kept. Not scaled by timeScale: it is a duration, not an
 * interval.
 */
export type Keep = Duration | { points: number };
const keep = z.union(
  [duration, z.strictObject({ points: z.int().min(1).describe('The newest so many are kept') })],
  { error: keepExpected },
);

/**
 * A program with its arguments, which no shell reads. `in`: a service of the stack, or `host`. `env`:
 * variables, each by the name of the secret that holds its value.
 */
export const commandLine = z.strictObject({
  command: z.array(z.string().min(1)).min(1).describe('Program and arguments; no shell reads them'),
  in: z
    .string()
    .describe(
      'Service of the compose file in whose container it runs; or `host`, where the strategy and the command line allow that',
    ),
  env: z
    .record(
      z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, { error: 'a name of letters, digits and _' }),
      z.string().min(1),
    )
    .default({})
    .describe('Variables for it, each by the name of the secret that holds the value'),
  timeout: duration
    .default({ text: '60s', ms: 60_000 })
    .describe('After that it is ended, with everything in its process group'),
});
export type CommandLine = z.infer<typeof commandLine>;

/** Names that a file may refer to; given by the registries, so that a schema for editors can list them. */
export interface Catalogue {
  drivers: string[];
  methods: string[];
  stores: string[];
  faults: string[];
}

const oneOf = (names: string[] | undefined): z.ZodType<string, string> =>
  names?.length ? z.enum(names as [string, ...string[]]) : z.string();
const nameExpected =
  'a name of lower-case letters, digits and dashes, beginning with a letter, of at most 63 characters';
/** Folders, files and objects of a store are named after it. */
const name = z.string().regex(/^[a-z][a-z0-9-]{0,62}$/, { error: nameExpected });

const percentExpected = 'a share such as 5% or 99.9%';
/** A share as it was written, with its value from 0 to 1: `99.9%`, 0.999. */
const percent = z
  .string({ error: percentExpected })
  .regex(/^\d+(\.\d+)?%$/, { error: percentExpected })
  .refine((text) => Number(text.slice(0, -1)) <= 100, { error: percentExpected })
  .transform((text) => ({ text, share: Number((Number(text.slice(0, -1)) / 100).toPrecision(12)) }))
  .meta({ type: 'string', pattern: '^\\d+(\\.\\d+)?%$', description: 'A share: 5%, 99.9%' });

const alertCommon = {
  over: duration
    .refine(({ ms }) => ms > 0, { error: 'longer than nothing' })
    .describe('The window that the condition is taken over'),
  severity: z.enum(['warning', 'critical']).default('warning'),
  of: name
    .optional()
    .describe('The component whose clients are watched; each one that has a load by default'),
};
const alertSchema = z.discriminatedUnion(
  'when',
  [
    z.strictObject({
      when: z.literal('error-rate'),
      above: percent.describe('Share of operations that failed or were answered wrongly'),
      ...alertCommon,
    }),
    z.strictObject({
      when: z.literal('response-time'),
      above: duration,
      at: percent
        .default({ text: '95%', share: 0.95 })
        .describe('This share of the operations is quicker than what is compared'),
      ...alertCommon,
    }),
  ],
  { error: '`error-rate` or `response-time`' },
);
const sloSchema = z.strictObject({
  availability: percent
    .refine(({ share }) => share < 1, { error: 'less than 100%: with no budget there is nothing to burn' })
    .describe('Share of the time in which clients are served'),
  over: duration
    .refine(({ ms }) => ms > 0, { error: 'longer than nothing' })
    .describe('The period that the target is for'),
  slow: duration.optional().describe('A right answer that takes longer than this counts as none'),
  of: name.optional().describe('The component whose clients count; all loads by default'),
});

const hostNameExpected = 'the name of a host, such as api.example.com';
/** By name and no address: what it stands for is looked up when the stack is made. */
const hostName = z
  .string()
  .regex(/^(?![\d.]+$)(?=.{1,253}$)[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*$/, {
    error: hostNameExpected,
  });

const backupSchema = (known?: Catalogue) =>
  z.strictObject({
    method: oneOf(known?.methods).describe("How: a method of the component's driver"),
    every: duration.optional().describe('Interval of the schedule. Left out for continuous methods'),
    keep: keep
      .optional()
      .describe(
        'Retention: older recovery points are removed after each new one; of a continuous method it is recorded, not carried out',
      ),
    encrypt: z.enum(['aes-256', 'none']).default('none'),
    copies: z
      .array(z.string())
      .min(1)
      .describe('Stores that must all hold it before it counts as a recovery point'),
    options: z.record(z.string(), z.unknown()).default({}),
  });

const componentSchema = (known?: Catalogue) =>
  z.strictObject({
    driver: oneOf(known?.drivers),
    service: z
      .string()
      .optional()
      .describe("Service of the compose file; the component's own name by default"),
    holds: z.string().optional().describe('What is lost when this is lost, in words'),
    clients: z
      .strictObject({ service: z.string(), port: z.int().positive() })
      .optional()
      .describe('Where clients go in; the service itself by default'),
    objectives: z.strictObject({ rto: duration.optional(), rpo: duration.optional() }).default({}),
    backups: z.record(name, backupSchema(known)).default({}),
    existing: existingSchema
      .optional()
      .describe(
        'Backups of it that exist already and that other tools made: what `muster restore-test` restores',
      ),
    config: z.record(z.string(), z.unknown()).default({}).describe('Settings of the driver'),
  });

/** A strategy: what an organisation promised about recovery. `known` narrows names to those registered. */
export const strategySchema = (known?: Catalogue) =>
  z.strictObject({
    strategy: name,
    about: z.string().optional(),
    stack: z
      .union([z.string(), z.array(z.string().min(1)).min(1)], {
        error: 'the path of a compose file, or a list of such; or `none`',
      })
      .describe(
        'Path of the compose file, from this file; a list where further ones go over it; a folder for what Compose takes there, by COMPOSE_FILE of its `.env` or the usual names; `none` for a drill without containers',
      ),
    hostCommands: z
      .union([z.boolean(), z.array(z.string().min(1)).min(1)], { error: '`true`, or a list of programs' })
      .default(false)
      .describe(
        'Whether a drill may run commands on this machine: all, or these programs as a command step names them. The command line must allow it as well',
      ),
    profiles: z
      .array(z.string().regex(/^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/))
      .default([])
      .describe('Compose profiles to start: services behind any other stay away'),
    services: z
      .array(z.string().min(1))
      .default([])
      .describe('Services to start, with what they depend on; all of them by default'),
    mounts: z
      .record(z.string().min(1), z.enum(['copy', 'empty', 'refuse']))
      .default({})
      .describe(
        'By path or volume as the compose file writes it: what a drill gives services in its place. Nothing of the host is ever given writable',
      ),
    egress: z
      .union(
        [
          z.enum(['closed', 'open']),
          z.record(
            z.string().min(1),
            z.record(hostName, z.string().trim().min(1, { error: 'a reason: the report prints it' })),
          ),
        ],
        { error: '`closed`, `open`, or by service the hosts that it may reach, each with the reason' },
      )
      .default('closed')
      .describe(
        'Whether what services send beyond their own networks goes out: a restored shop must not mail its customers. What was refused is listed. `{ app: { api.example.com: reason } }`: closed, but for this host and this service',
      ),
    hostAccess: z
      .record(z.string(), z.string().trim().min(1, { error: 'a reason: the report prints it' }))
      .default({})
      .describe(
        "Services that may reach the host (privileged, the engine's socket, devices, …), each with the reason",
      ),
    components: z.record(name, componentSchema(known)),
    invariants: z
      .record(name, commandLine)
      .default({})
      .describe(
        'Commands that must end with 0, before anything is broken and after the recovery: a scenario names them under check',
      ),
    stores: z
      .record(
        name,
        z.looseObject({
          kind: oneOf(known?.stores),
          region: z.string().optional().describe('Where it lies, if not where its service does'),
        }),
      )
      .default({}),
    encryption: z
      .strictObject({ keyFrom: z.string() })
      .default({ keyFrom: 'MUSTER_BACKUP_KEY' })
      .describe('Secret that holds the backup key: 64 hexadecimal digits'),
    detection: z
      .strictObject({
        healthCheck: z.strictObject({ every: duration, misses: z.int().positive().default(3) }).optional(),
        people: z.strictObject({ page: duration.optional(), decide: duration.optional() }).optional(),
      })
      .default({}),
    alerts: z
      .record(name, alertSchema)
      .default({})
      .describe('Thresholds at which somebody is told; evaluated on what the clients of a drill saw'),
    slo: sloSchema
      .optional()
      .describe(
        'What clients are promised in the long run: a drill says how much of its error budget one outage burns',
      ),
  });

export type Strategy = z.infer<ReturnType<typeof strategySchema>>;
export type Component = Strategy['components'][string];
export type BackupPlan = Component['backups'][string];
export type AlertPlan = Strategy['alerts'][string];
