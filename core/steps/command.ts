import { commandLine, type CommandLine } from '../strategy.ts';
import type { StepKind } from './step.ts';

/** `./restore.sh --now on the host`. */
export const commandTitle = ({ command, in: where }: CommandLine): string =>
  `${shortened(command.join(' '))} ${where === 'host' ? 'on the host' : `in ${where}`}`;
const shortened = (text: string): string => (text.length > 60 ? `${text.slice(0, 59)}…` : text);

/** A command of the user's own. */
export const command: StepKind<typeof commandLine> = {
  schema: commandLine,
  title: commandTitle,
  runsIn: (step) => step.in,
  leaves: {
    event: 'command.ended',
    lacking: 'no one command ended in it',
    failed: (data) => {
      const { exitCode, inTime } = data as { exitCode: number | null; inTime: boolean };
      return exitCode === 0 && inTime ? null : 'its command failed';
    },
  },
};
