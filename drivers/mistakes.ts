import { z } from 'zod';

/**
 * Parameters and words of mistakes and damage that more than one technology can suffer: the same everywhere,
 * so that a scenario reads the same whatever it is aimed at.
 */
const share = z
  .number()
  .gt(0)
  .max(1)
  .default(0.5)
  .describe("Share of its rows, over 0 up to 1; the drill's seed chooses which");

export const dropTableEntry = {
  about: 'an operator drops a table by mistake',
  params: z.strictObject({
    table: z.string().describe('Table that is dropped: `schema.table` where there are schemas'),
  }),
  losesData: true,
  askedAgain: true,
  witnessDeadlineMs: 30_000,
} as const;

export const deleteRowsEntry = {
  about: 'an operator deletes rows of a table by mistake: a WHERE that matches too much',
  params: z.strictObject({
    table: z.string().describe('Table that loses rows: `schema.table` where there are schemas'),
    share,
  }),
  losesData: true,
  witnessDeadlineMs: 30_000,
} as const;

export const corruptRowsEntry = {
  about:
    'values of a table are changed without an error anywhere, and are backed up so until somebody acts: the newest recovery points are poisoned',
  params: z.strictObject({
    table: z.string().describe('Table whose rows are changed: `schema.table` where there are schemas'),
    column: z.string().describe('Text column whose values are changed'),
    share,
    unnoticed: z
      .int()
      .min(1)
      .max(100)
      .default(2)
      .describe('Further recovery points of the component that become durable before anyone acts'),
  }),
  losesData: true,
  witnessDeadlineMs: 30_000,
} as const;

export const corruptPagesEntry = {
  about: 'bytes on disk change under the running server, over pages of one table',
  params: z.strictObject({
    table: z.string().describe('Table whose pages are overwritten: `schema.table` where there are schemas'),
    pages: z
      .int()
      .min(1)
      .max(10_000)
      .default(3)
      .describe(
        "How many of its pages that hold rows, or all where there are fewer; the drill's seed chooses which",
      ),
    pattern: z
      .enum(['random', 'structured'])
      .default('random')
      .describe(
        '`random`: whole pages of random bytes. `structured`: the page keeps its header and trailer, and its rows are other bytes; its checksum no longer fits',
      ),
  }),
  losesData: true,
  witnessDeadlineMs: 60_000,
} as const;

/**
 * Which pages of what to damage. `seed` decides which ones: the same seed damages the same bytes.
 */
export type PageDamage = z.output<typeof corruptPagesEntry.params> & { seed: number };

export const flushAllEntry = {
  about:
    'an operator empties the whole server with one command; persistence carries the mistake on, so that a restart brings nothing back',
  params: z.strictObject({}),
  losesData: 'all',
  witnessDeadlineMs: 30_000,
} as const;

export const wrongConfigEntry = {
  about:
    'a setting that the server does not know gets into its configuration, and it is restarted: it does not come up',
  params: z.strictObject({}),
  askedAgain: true,
  witnessDeadlineMs: 60_000,
} as const;

export const closedForWritesEntry = {
  about:
    'closed for maintenance: every write is refused as read-only, reads and replication go on (how a planned switchover begins)',
  params: z.strictObject({}),
  askedAgain: true,
  witnessDeadlineMs: 20_000,
} as const;
