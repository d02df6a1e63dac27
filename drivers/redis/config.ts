import { z } from 'zod';

export const port = 6379;

export const configSchema = z.strictObject({
  username: z.string().optional().describe('User to log in as; `default` when left out'),
  passwordFrom: z
    .string()
    .optional()
    .describe(
      'Name of the secret that holds the password. Default: what the service says itself, by --requirepass of its command, REDIS_PASSWORD or VALKEY_PASSWORD',
    ),
  groupSize: z
    .union([z.literal(1), z.literal(2), z.literal(4), z.literal(8), z.literal(16)])
    .default(4)
    .describe('Records that a load writes in one transaction'),
  volatileKeys: z
    .array(z.string().min(1))
    .default([])
    .describe(
      'Keys that the application rewrites on its own, such as `cache:*`: whether they are there, their values and their expiries are not compared. `*` stands for any text, `?` for one character',
    ),
  neverReturn: z.boolean().default(false).describe('Removed records must never be back'),
});
export type RedisConfig = z.output<typeof configSchema>;

const orders = ['preload', 'base', 'copy'] as const;

/** The replication history, and the offset in it. */
export const position = z.strictObject({ replid: z.string(), offset: z.string().regex(/^-?\d+$/) });

export const rdbOptions = z.strictObject({
  order: z
    .enum(orders)
    .optional()
    .describe(
      '`preload`: load it without the append-only file, then have that written (default where it is on). `base`: as the base of an append-only file. `copy`: put in place as it is, which loads nothing where the append-only file is on',
    ),
});

export const aofOptions = z.strictObject({});
