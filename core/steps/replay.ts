import { z } from 'zod';
import type { StepKind } from './step.ts';

const until = z.union(
  [
    z.literal('latest'),
    z.strictObject({ beforeGtid: z.string() }),
    z.strictObject({
      beforeStatement: z
        .string()
        .describe('Regular expression; replay stops before the first transaction whose statement matches'),
    }),
    z.strictObject({ beforeTime: z.iso.datetime() }),
    z.strictObject({ beforePosition: z.strictObject({ file: z.string(), position: z.int() }) }),
  ],
  { error: '`latest`, or one of beforeGtid, beforeStatement, beforeTime, beforePosition' },
);

const schema = z.strictObject({
  replay: z.string().describe('component.backup of a continuous method'),
  from: z.string(),
  until: until.default('latest'),
});
export type ReplayStep = z.output<typeof schema>;

/** A followed log replayed on what a step before it restored. */
export const replay: StepKind<typeof schema> = {
  schema,
  title: (step) => `replay ${step.replay} from ${step.from}`,
  replaysOn: (step) => step.replay.split('.')[0]!,
  leaves: { event: 'log.fetched', lacking: 'no one log was fetched for it' },
};
