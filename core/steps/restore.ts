import { z } from 'zod';
import type { StepKind } from './step.ts';

const schema = z.strictObject({
  restore: z.string().describe('Component'),
  from: z
    .union([z.string().transform((one) => [one]), z.array(z.string()).min(1)], {
      error: 'a store, or a list of stores to try in order',
    })
    .describe('Store, or stores to try in order'),
  backup: z
    .string()
    .optional()
    .describe('Which of its snapshot backups; needed only where there are several'),
  point: z
    .enum(['before-fault', 'newest'])
    .default('before-fault')
    .describe('`newest` takes the newest recovery point there is, even one that may hold the damage'),
  existing: z
    .boolean()
    .default(false)
    .describe(
      'A recovery point that was in the store before this drill, instead of one that this drill made; nobody saw it become durable, so it is never a pass',
    ),
  options: z.record(z.string(), z.unknown()).default({}),
});
export type RestoreStep = z.output<typeof schema>;

/** A snapshot put in the place of whatever is there. */
export const restore: StepKind<typeof schema> = {
  schema,
  title: (step) => `restore ${step.restore} from ${step.from.join(', else ')}`,
  restores: (step) => step.restore,
  takesPoint: ({ restore: component, from, backup = null, point: which, existing }) => ({
    component,
    from,
    backup,
    which,
    existing,
  }),
  leaves: { event: 'point.fetched', lacking: 'no one recovery point was fetched for it' },
};
