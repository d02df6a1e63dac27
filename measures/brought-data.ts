import type { Evidence } from '../core/measure.ts';
import { replacedDataBy, replayedBy, restoredBy, runsIn, stepsOf, type Step } from '../core/steps/index.ts';
import type { Strategy } from '../core/strategy.ts';
import { eventsOf } from '../core/timeline.ts';

/** What the steps of a recovery may have done to the data of one component, as far as they say. */

const serviceOf = ({ components }: Strategy, name: string): string => components[name]?.service ?? name;

/** Those that lie where it does, itself included: in its service, or on its volume. */
function besideIt({ events, strategy }: Evidence, component: string): Set<string> {
  const service = serviceOf(strategy, component);
  const sharing = eventsOf(events, 'component.attached').flatMap(({ data }) => {
    const all = [data.component, ...(data.shares ?? [])];
    return all.includes(component) ? all : [];
  });
  const there = Object.keys(strategy.components).filter((name) => serviceOf(strategy, name) === service);
  return new Set([component, ...there, ...sharing]);
}

/** A step restores it, or what it lies in, or replays a log on that. */
export function isRestored(evidence: Evidence, component: string): boolean {
  const beside = besideIt(evidence, component);
  return stepsOf(evidence.scenario).some((step) => beside.has(restoredBy(step) ?? replayedBy(step) ?? ''));
}

/**
 * An action brought it data of another server: to itself, to a component of its kind that may have taken
 * over, or to the way that its clients come by.
 */
export function isBroughtByAction(evidence: Evidence, component: string): boolean {
  const { strategy, scenario } = evidence;
  const beside = besideIt(evidence, component);
  const { driver, clients } = strategy.components[component] ?? {};
  return stepsOf(scenario).some((step) => {
    const action = replacedDataBy(step);
    if (action === null) return false;
    const { of } = action;
    if (of === undefined || beside.has(of)) return true;
    const isOfItsKind = driver !== undefined && strategy.components[of]?.driver === driver;
    return isOfItsKind || clients?.service === serviceOf(strategy, of);
  });
}

/**
 * Somebody's own command may have put it back: one on the host, one where the component is, one in a service
 * that no component stands for, and one in that of components of other kinds, as of the application. In the
 * service of another server of its kind it is about that one.
 */
export function isBroughtByCommand(evidence: Evidence, component: string): boolean {
  const { strategy, scenario } = evidence;
  const own = new Set([...besideIt(evidence, component)].map((name) => serviceOf(strategy, name)));
  const { driver } = strategy.components[component] ?? {};
  const ofItsKind = new Set(
    Object.entries(strategy.components)
      .filter(([, other]) => other.driver === driver)
      .map(([name]) => serviceOf(strategy, name)),
  );
  const mayBring = (step: Step): boolean => {
    const place = runsIn(step);
    return place !== null && (own.has(place) || !ofItsKind.has(place));
  };
  return stepsOf(scenario).some(mayBring);
}

/** Some step can have put data back that a fault had taken away. */
export const mayBeBrought = (evidence: Evidence, component: string): boolean =>
  isRestored(evidence, component) ||
  isBroughtByAction(evidence, component) ||
  isBroughtByCommand(evidence, component);
