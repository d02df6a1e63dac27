import { z } from 'zod';
import type { StepKind } from './step.ts';

const schema = z.strictObject({
  restoreExisting: z.string().describe('Component whose `existing` backups are looked at, newest first'),
  elsewhere: z
    .literal(true)
    .optional()
    .describe('They lie where the command line says, and not where the strategy does'),
});
export type RestoreExistingStep = z.output<typeof schema>;

/** A backup that Muster did not make, restored into what is empty. */
export const restoreExisting: StepKind<typeof schema> = {
  schema,
  title: (step) => `restore ${step.restoreExisting} from a backup that exists already`,
  restores: (step) => step.restoreExisting,
  takesExisting: (step) => step.restoreExisting,
  leaves: { event: 'existing.restored', lacking: 'no one backup that exists already was restored in it' },
};
