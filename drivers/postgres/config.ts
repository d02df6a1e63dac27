import { z } from 'zod';
import { passwordsSchema } from '../sql/known-accounts.ts';

export const serverPort = 5432;
/** The oldest that it is for. */
export const oldest = 13;

const tableName = z.string().regex(/^[^.\s]+\.[^.\s]+$/, { error: 'schema.table' });

export const configSchema = z.strictObject({
  user: z
    .string()
    .min(1)
    .optional()
    .describe(
      'Account for everything that Muster does; a superuser, or for database-dump the owner of the database. Default: POSTGRES_USER of the service',
    ),
  passwordFrom: z
    .string()
    .optional()
    .describe(
      'Secret that holds the password. Default: POSTGRES_PASSWORD or POSTGRES_PASSWORD_FILE of the service',
    ),
  passwords: passwordsSchema,
  database: z
    .string()
    .min(1)
    .max(63)
    .optional()
    .describe(
      "The application's database: the ledger of the load lives there, in a schema of its own, so that whoever backs that database up backs up the ledger. Default: POSTGRES_DB of the service",
    ),
  schema: z
    .string()
    .regex(/^[a-z_][a-z0-9_]{0,62}$/, { error: 'a plain name of lower-case letters, digits and _' })
    .default('muster')
    .describe(
      "Muster's own schema: the ledger of the load lives there. What else is in it is compared with nothing, so that there may be nothing else",
    ),
  tls: z
    .strictObject({
      name: z.string().min(1).describe('Name that the certificate of the server must be for'),
      caFrom: z.string().min(1).describe('Secret that holds the certificate of the authority, as PEM'),
    })
    .optional()
    .describe(
      'TLS that is verified. Without it, TLS is used, and not verified, where the server asks for it',
    ),
  databases: z
    .array(z.string().min(1))
    .min(1)
    .optional()
    .describe("Databases to dump. Default: all. Roles and the application's database are always dumped"),
  volatileTables: z
    .array(tableName)
    .default([])
    .describe(
      'Tables of the application, schema.table, that the load changes: their rows are counted and not compared, their definition is. One that is empty afterwards, or has less than half of its rows, is no pass',
    ),
  drainedTables: z
    .array(tableName)
    .default([])
    .describe(
      'Tables of the application, schema.table, that the application itself empties, such as a queue: as volatileTables, and they may have fewer rows',
    ),
});
export type PostgresConfig = z.output<typeof configSchema>;

/** The cluster, and where its log stood when a dump was taken. */
export const dumpPosition = z.strictObject({ system: z.string(), lsn: z.string() });

export const dumpOptions = z.strictObject({
  lockWaitSeconds: z
    .int()
    .min(1)
    .max(600)
    .default(10)
    .describe('How long to wait for the locks on tables that a dump begins with'),
  floorBytes: z.int().min(0).default(512).describe('A dump of a database smaller than this is refused'),
});
export type DumpOptions = z.output<typeof dumpOptions>;
