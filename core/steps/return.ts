import { z } from 'zod';
import type { StepKind } from './step.ts';

const schema = z.strictObject({
  return: z
    .string()
    .describe('Region that was lost: its network is back, and what was dead is started on empty volumes'),
});
export type ReturnStep = z.output<typeof schema>;

/** A lost region comes back. */
export const comesBack: StepKind<typeof schema> = {
  schema,
  title: (step) => `region ${step.return} comes back`,
};
