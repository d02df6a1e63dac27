import { z } from 'zod';
import { untilAsWritten, type Stops } from '../until.ts';
import type { StepKind } from './step.ts';

/** `stops`: what each log can be stopped at. Which one is meant is known when the drill is planned. */
export const replaySchema = (stops: readonly Stops[]) =>
  z.strictObject({
    replay: z.string().describe('component.backup of a continuous method'),
    from: z.string(),
    until: untilAsWritten(stops).default('latest'),
  });
const schema = replaySchema([]);
export type ReplayStep = z.output<typeof schema>;

/** A followed log replayed on what a step before it restored. */
export const replay: StepKind<typeof schema> = {
  schema,
  title: (step) => `replay ${step.replay} from ${step.from}`,
  takesLog: ({ replay: backup, from, until }) => ({ component: backup.split('.')[0]!, backup, from, until }),
  leaves: { event: 'log.fetched', lacking: 'no one log was fetched for it' },
};
