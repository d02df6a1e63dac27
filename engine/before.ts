import { pollUntil } from '../core/clock.ts';
import { environmentError } from '../core/errors.ts';
import type { Service, ServiceState } from '../core/service.ts';
import { attachedTo, type Drill, type Sandbox, type Control, type Given } from './drill-context.ts';
import { sayWait } from './waiting.ts';
import { withDeadline } from '../core/deadline.ts';

/** How long what is not ready, or cannot be asked, is given. */
const readyDeadlineMs = 15_000;
const askEveryMs = 250;
/** How long anything may have to wait for the answer of a service that may have ended. */
export const jobDeadlineMs = 5_000;

/** What every service of the stack was before anything was broken. */
export type Before = ReadonlyMap<string, ServiceState>;

/**
 * Notes the state of every service, for `askAll` to compare with. Rejects where one cannot be asked for so
 * long: nobody would miss it at the end, and nothing is broken yet.
 */
export async function stateOfServices(drill: Sandbox & Control): Promise<Before> {
  const ask = async (service: Service): Promise<[string, ServiceState]> => {
    let why: unknown = null;
    const state = await pollUntil(
      drill.clock,
      { everyMs: askEveryMs, deadlineMs: readyDeadlineMs, signal: drill.signal },
      () =>
        service.state().catch((error: unknown) => {
          why = error;
          return false as const;
        }),
    );
    if (state) return [service.name, state];
    throw environmentError(`what ${service.name} is before the fault cannot be known`, { cause: why });
  };
  sayWait(drill, 'asking what every service is', readyDeadlineMs);
  return new Map(await Promise.all([...servicesOf(drill)].map(ask)));
}

export const servicesOf = (drill: Sandbox): Iterable<Service> => drill.stack?.services.values() ?? [];

/**
 * Without what has ended well by itself since: a job that was done before anything was broken is as it was.
 * Called right before each fault, and looks until the first that is no circumstance; what such a one was done
 * to did not end by itself. What cannot be asked is left in.
 */
export async function withoutEndedJobs(drill: Drill, before: Before): Promise<Before> {
  const begun = drill.timeline.events.flatMap((event) => (event.type === 'fault.begun' ? [event.data] : []));
  if (begun.some(({ beforehand }) => !beforehand)) return before;
  const struck = new Set(begun.flatMap(({ target }) => [target, drill.plan.components.get(target)?.service]));
  const ended = async ([name, { status }]: [string, ServiceState]): Promise<string[]> => {
    const service = drill.stack!.services.get(name)!;
    if (status !== 'running' || struck.has(name) || (service.region !== null && struck.has(service.region)))
      return [];
    const now = await withDeadline(
      drill.clock,
      `asking what ${name} is`,
      jobDeadlineMs,
      service.state(),
    ).catch(() => null);
    return now !== null && endedWell(now) ? [name] : [];
  };
  if (before.size > 0) sayWait(drill, 'looking whether a service has ended by itself', jobDeadlineMs);
  const gone = (await Promise.all([...before].map(ended))).flat();
  for (const name of gone)
    drill.timeline.emit('note', {
      text: `${name} ended well by itself before anything was broken: at the end nobody asks for it`,
    });
  return new Map([...before].filter(([name]) => !gone.includes(name)));
}

export const endedWell = ({ status, exitCode }: ServiceState): boolean =>
  status === 'exited' && exitCode === 0;

/**
 * The components that say now that they are ready, for `askAll` to ask again: a recovery may cost more than
 * it brings back.
 */
export async function readyComponents(drill: Sandbox & Control & Given): Promise<string[]> {
  const brokenBeforehand = drill.plan.faults.flatMap(({ plan }) => (plan.beforehand ? [plan.target] : []));
  const { clock } = drill;
  const ready = async (name: string): Promise<string[]> => {
    const what = `asking whether ${name} is ready`;
    return (await withDeadline(clock, what, readyDeadlineMs, attachedTo(drill, name).ready()).catch(
      () => false,
    ))
      ? [name]
      : [];
  };
  const names = [...drill.attached.keys()].filter((name) => !brokenBeforehand.includes(name));
  sayWait(drill, 'asking every component whether it is ready', readyDeadlineMs);
  return (await Promise.all(names.map(ready))).flat();
}
