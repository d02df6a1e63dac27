import { z } from 'zod';
import { duration } from './duration.ts';
import type { KnownBad } from './known-bad.ts';

/** What a server holds beside rows, by name. */
export const objectKinds = ['tables', 'views', 'routines', 'triggers', 'events', 'users'] as const;
export type ObjectKind = (typeof objectKinds)[number];

const names = z.array(z.string().min(1)).min(1);
const question = z.string().trim().min(1);

const secretText = {
  keyFrom: z.string().min(1).optional().describe('Secret that holds it: an environment variable by name'),
  keyFile: z.string().min(1).optional().describe('File that holds it, from the strategy'),
};
const keyExpected = 'keyFrom: the name of a secret, or keyFile: a path; one of the two';
const oneKey = ({ keyFrom, keyFile }: { keyFrom?: string | undefined; keyFile?: string | undefined }) =>
  (keyFrom === undefined) !== (keyFile === undefined);

const decryptSchema = z.discriminatedUnion(
  'with',
  [
    z
      .strictObject({
        with: z.literal('age').describe('An identity (AGE-SECRET-KEY-1…) or a passphrase opens it'),
        ...secretText,
      })
      .refine(oneKey, { error: keyExpected }),
    z
      .strictObject({
        with: z.literal('openssl').describe('`openssl enc`: a password opens it'),
        ...secretText,
        cipher: z.string().min(1).default('aes-256-cbc'),
        derivation: z
          .enum(['pbkdf2', 'none'])
          .default('pbkdf2')
          .describe('`none`: it was encrypted without -pbkdf2 or -iter'),
        iterations: z.int().min(1).default(10_000).describe('As given to -iter'),
        digest: z.string().min(1).default('sha256').describe('As given to -md'),
      })
      .refine(oneKey, { error: keyExpected }),
  ],
  { error: '`age` or `openssl`' },
);

const newestSchema = z
  .strictObject({
    query: question
      .optional()
      .describe('Gives the time of the newest record as one value: a date with time, or seconds since 1970'),
    table: z.string().min(1).optional().describe('In the place of a query: the table …'),
    column: z.string().min(1).optional().describe('… and the column in which the newest time is looked for'),
    within: duration.describe('How old the newest record may be when it is restored'),
    zone: z
      .string()
      .regex(/^[+-]\d\d:\d\d$/, { error: 'an offset such as +02:00' })
      .default('+00:00')
      .describe('Of times that say none themselves'),
  })
  .refine(
    ({ query, table, column }) =>
      query === undefined
        ? table !== undefined && column !== undefined
        : table === undefined && column === undefined,
    { error: 'query: …, or table: … with column: …' },
  );

const expectSchema = z.strictObject({
  newest: newestSchema.optional().describe('Freshness, by what is in the backup and never by its file'),
  rows: z
    .record(z.string().min(1), z.int().min(1))
    .default({})
    .describe('By table (of Redis: by pattern of keys), how many there must be at least'),
  tables: names.optional().describe('That must be there, with their database or schema or without'),
  views: names.optional(),
  routines: names.optional().describe('Functions and procedures'),
  triggers: names.optional(),
  events: names.optional(),
  users: names.optional().describe('Accounts or roles'),
  sql: z
    .record(z.string().min(1), question)
    .default({})
    .describe(
      'Queries by a name of yours, each of which must give one value that is true: t, true, yes or 1',
    ),
  fingerprint: z
    .string()
    .min(1)
    .optional()
    .describe('File that `muster fingerprint` wrote at the source: what is restored must have the same'),
});

/** Backups of a component that were not made by Muster, and what is expected of the one that is restored. */
export const existingSchema = z.strictObject({
  from: z
    .string()
    .min(1)
    .describe(
      'A file, a folder, or a pattern such as backups/*.sql.gz, from the strategy; or s3://bucket/key',
    ),
  database: z
    .string()
    .min(1)
    .optional()
    .describe(
      'What it is a backup of, and is loaded into where it names none; what the service makes by default',
    ),
  decrypt: decryptSchema.optional().describe('How it is opened, where it is encrypted'),
  expect: expectSchema.prefault({}).describe('What it is held against; nothing declared is never a pass'),
});
export type ExistingPlan = z.output<typeof existingSchema>;
export type Decrypt = z.output<typeof decryptSchema>;

/** What one backup is held against: the name that its outcome has, and what is expected. */
export type Expectation = { check: string } & (
  | { kind: 'usable' }
  | { kind: 'newest'; newest: z.output<typeof newestSchema> }
  | { kind: 'rows'; of: string; least: number }
  | { kind: 'objects'; of: ObjectKind; named: readonly string[] }
  | { kind: 'sql'; query: string }
  | { kind: 'fingerprint'; file: string }
);

/** That it can be used is asked of every backup; the rest is what was declared. */
export function expectationsOf(component: string, { expect }: ExistingPlan): Expectation[] {
  const { newest, rows, sql, fingerprint } = expect;
  const of = (what: string): { check: string } => ({ check: `${component}.${what}` });
  return [
    { ...of('usable'), kind: 'usable' },
    ...(newest ? [{ ...of('newest'), kind: 'newest' as const, newest }] : []),
    ...Object.entries(rows).map(([name, least]) => ({
      ...of(`rows.${name}`),
      kind: 'rows' as const,
      of: name,
      least,
    })),
    ...objectKinds.flatMap((kind) => {
      const named = expect[kind];
      return named ? [{ ...of(kind), kind: 'objects' as const, of: kind, named }] : [];
    }),
    ...Object.entries(sql).map(([name, query]) => ({ ...of(`sql.${name}`), kind: 'sql' as const, query })),
    ...(fingerprint === undefined
      ? []
      : [{ ...of('fingerprint'), kind: 'fingerprint' as const, file: fingerprint }]),
  ];
}

const ofExisting = (spoilt: string): KnownBad => ({ spoilt, shownBy: 'test/engine/existing.test.ts' });
/** Of each kind, what it was seen to fail for; of use, the driver of the backup says so. */
export const expectationKnownBad: Record<Exclude<Expectation['kind'], 'usable'>, KnownBad> = {
  newest: ofExisting('the newest record is older than it may be'),
  rows: ofExisting('a table has too few rows'),
  objects: ofExisting('a table that is named is not there'),
  sql: ofExisting('the query gives a value that is not true'),
  fingerprint: {
    spoilt: 'the source had a row less',
    shownBy: 'test/drivers/mysql/existing.docker.test.ts',
  },
};

/** Whether anything of its own was declared. */
export const declaresAnything = (plan: ExistingPlan): boolean => expectationsOf('', plan).length > 1;
