import type { Step } from './scenario.ts';
import type { CommandLine } from './strategy.ts';

/** A step in words, as the timeline and reports name it. */
export function titleOf(step: Step): string {
  if ('restore' in step) return `restore ${step.restore} from ${step.from.join(', else ')}`;
  if ('replay' in step) return `replay ${step.replay} from ${step.from}`;
  if ('command' in step) return commandTitle(step);
  if ('return' in step) return `region ${step.return} comes back`;
  return `${step.run}${step.target ? ` on ${step.target}` : ''}`;
}

/** `./restore.sh --now on the host`. */
export const commandTitle = ({ command, in: where }: CommandLine): string =>
  `${shortened(command.join(' '))} ${where === 'host' ? 'on the host' : `in ${where}`}`;
const shortened = (text: string): string => (text.length > 60 ? `${text.slice(0, 59)}…` : text);
