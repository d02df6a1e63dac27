import { z } from 'zod';
import { passwordsSchema } from '../sql/known-accounts.ts';

export const serverPort = 3306;

/** What Muster calls a database of its own. */
export const ownDatabase = 'muster';

const identifier = z
  .string()
  .regex(/^[A-Za-z0-9_$]{1,64}$/, { error: 'a plain name of letters, digits, _ and $' });
const tableName = z.string().regex(/^[^.`\s]+\.[^.`\s]+$/, { error: 'database.table' });

export const configSchema = z.strictObject({
  user: z.string().default('root').describe('Account for everything that Muster does; needs what root has'),
  passwordFrom: z
    .string()
    .optional()
    .describe("Secret that holds the password. Default: that of the image's own variable for root"),
  passwords: passwordsSchema,
  database: identifier
    .default(ownDatabase)
    .describe(
      "Where the ledger of the load lives: Muster's own database, or one of an application, so that a backup of that one alone holds it",
    ),
  databases: z
    .array(z.string().min(1))
    .min(1)
    .optional()
    .describe("Databases to dump. Default: all. Accounts and Muster's own are always dumped"),
  ignoreTables: z.array(tableName).default([]).describe('Tables that the dump leaves out'),
  volatileTables: z
    .array(tableName)
    .default([])
    .describe(
      'Tables that the load changes: their rows are counted and not compared, their definition is. One that is empty afterwards, or has less than half of its rows, is no pass',
    ),
  drainedTables: z
    .array(tableName)
    .default([])
    .describe(
      'Tables that the application itself empties, such as a queue: as volatileTables, and they may have fewer rows',
    ),
});
export type MysqlConfig = z.output<typeof configSchema>;

/** Schemas that belong to the server itself. */
export const serverSchemas = ['mysql', 'sys', 'information_schema', 'performance_schema'] as const;

/** Where the log stood and what it held when a dump was taken; without a log neither is there. */
export const dumpPosition = z.strictObject({
  server: z.string(),
  gtid: z.string().optional(),
  file: z.string().optional(),
  position: z.string().regex(/^\d+$/).optional(),
}) as unknown as z.ZodType<Record<string, string>>;

export const dumpOptions = z.strictObject({
  lockWaitSeconds: z
    .int()
    .min(1)
    .max(600)
    .default(10)
    .describe(
      'How long to wait for the locks that open the snapshot: they would hold up every write for as long',
    ),
  /** The mysql schema alone is larger. */
  floorBytes: z
    .int()
    .min(0)
    .default(64 * 1024)
    .describe('A dump smaller than this is refused'),
});
export type DumpOptions = z.output<typeof dumpOptions>;

/** What an account may be unable to see in a database, and a dump then lacks without a word of the server. */
export const hideable = ['triggers', 'events', 'routines'] as const;
export type Hideable = (typeof hideable)[number];

export const databaseDumpOptions = z.strictObject({
  databases: z
    .array(z.string().min(1))
    .min(1)
    .optional()
    .describe(
      "Databases to dump. Default: every one that the account sees, but for the server's own. That of the load is always dumped",
    ),
  without: z
    .array(z.enum(hideable))
    .default([])
    .describe(
      'What the dump leaves out because the account has not the rights to see it. Without this word such an account makes no backup',
    ),
  floorBytes: z.int().min(0).default(512).describe('A dump smaller than this is refused'),
});
export type DatabaseDumpOptions = z.output<typeof databaseDumpOptions>;
