import type { Registries } from '../core/registries.ts';
import type { Scenario } from '../core/scenario.ts';
import { stepsOf, type Step } from '../core/steps/index.ts';
import type { Strategy } from '../core/strategy.ts';
import { eventsOf, type TimelineEvent } from '../core/timeline.ts';

export type Known = Pick<Registries, 'drivers' | 'faults'>;
/** What was to be done, as the drill's first event has it, and what was. */
export interface Agreement {
  drill: string;
  scenario: Scenario;
  strategy: Strategy;
  events: readonly TimelineEvent[];
  /** It ran to its end, so that nothing of what was planned may be missing. */
  completed: boolean;
  known: Known;
}

/** The first reason among them. */
export const firstOf = <T>(all: Iterable<T>, why: (one: T) => string | null | false): string | null => {
  for (const one of all) {
    const found = why(one);
    if (found) return found;
  }
  return null;
};

export const says = (event: TimelineEvent): string => `event ${event.seq} (${event.type})`;

/** What ended well of a step, with the events from its beginning to its end. */
export function eachStepThatEndedWell(
  { scenario, events }: Agreement,
  look: (step: Step, within: readonly TimelineEvent[], ended: TimelineEvent<'step.ended'>) => string | null,
): string | null {
  const steps = stepsOf(scenario);
  return firstOf(eventsOf(events, 'step.ended'), (ended) => {
    const step = steps[ended.data.step];
    if (!ended.data.ok || !step) return null;
    const begun = eventsOf(events, 'step.begun').find(({ data }) => data.id === ended.data.id);
    return look(step, events.slice((begun?.seq ?? -1) + 1, ended.seq), ended);
  });
}
