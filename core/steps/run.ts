import { z } from 'zod';
import type { StepKind } from './step.ts';

const schema = z.strictObject({
  run: z.string().describe('An action of a component'),
  target: z.string().optional(),
  with: z.record(z.string(), z.json()).default({}),
});
export type RunStep = z.output<typeof schema>;

/** An action that a driver offers. */
export const run: StepKind<typeof schema> = {
  schema,
  title: ({ run, target, with: given }) =>
    `${run}${typeof given?.['name'] === 'string' ? ` ${given['name']}` : ''}${target ? ` on ${target}` : ''}`,
  does: (step) => ({ action: step.run, of: step.target, given: step.with }),
};
