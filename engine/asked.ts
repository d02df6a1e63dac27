import { pollUntil } from '../core/clock.ts';
import { environmentError } from '../core/errors.ts';
import type { Service, ServiceState } from '../core/service.ts';
import { brokenComponents } from './break.ts';
import { attachedTo, type Drill } from './drill-context.ts';
import { isRestore } from './plan-step.ts';
import { withDeadline } from './undo.ts';
import { sayWait } from './waiting.ts';

/** How long what was not ready is given to become so; what has recovered is ready at the first look. */
const readyDeadlineMs = 15_000;
/** A service that runs and whose health check has not said so yet: its next looks are so far away at most. */
const healthyDeadlineMs = 60_000;
const askEveryMs = 250;
/** How long a service that was started anew may take to pass its own check, before it is looked at again. */
const checkDeadlineMs = 5_000;
/** How long anything may have to wait for the answer of a service that may have ended. */
const jobDeadlineMs = 5_000;
/**
 * A process that ends again and again is seen running now and then: it must be the same one this much later.
 */
const steadyMs = 1_000;
/**
 * One that was started anew since then may be about to end again: as long as Docker itself takes for a start
 * that went well.
 */
const flappingMs = 10_000;

/** What every service of the stack was before anything was broken. */
export type Before = ReadonlyMap<string, ServiceState>;

/**
 * Notes the state of every service, for `askAll` to compare with. Rejects where one cannot be asked for so
 * long: nobody would miss it at the end, and nothing is broken yet.
 */
export async function stateOfServices(drill: Drill): Promise<Before> {
  const ask = async (service: Service): Promise<[string, ServiceState]> => {
    let why: unknown = null;
    const state = await pollUntil(
      drill.dependencies.clock,
      { everyMs: askEveryMs, deadlineMs: readyDeadlineMs, signal: drill.options.signal },
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

const servicesOf = (drill: Drill): Iterable<Service> => drill.stack?.services.values() ?? [];

/** Which start of each service was seen running, and when: `askAll` need not wait that long again. */
export type SeenRunning = ReadonlyMap<string, { startedAt: string; atMs: number }>;

/** Never rejects: what cannot be asked is not among them. */
export async function seenRunning(drill: Drill): Promise<SeenRunning> {
  const look = async (service: Service): Promise<[string, { startedAt: string; atMs: number }][]> => {
    const what = `asking what ${service.name} is`;
    const state = await withDeadline(drill.dependencies.clock, what, jobDeadlineMs, service.state()).catch(
      () => null,
    );
    if (state?.status !== 'running') return [];
    return [[service.name, { startedAt: state.startedAt, atMs: drill.dependencies.clock.nowMs() }]];
  };
  return new Map((await Promise.all([...servicesOf(drill)].map(look))).flat());
}

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
      drill.dependencies.clock,
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

const endedWell = ({ status, exitCode }: ServiceState): boolean => status === 'exited' && exitCode === 0;

/**
 * The components that say now that they are ready, for `askAll` to ask again: a recovery may cost more than
 * it brings back.
 */
export async function readyComponents(drill: Drill): Promise<string[]> {
  const brokenBeforehand = drill.plan.faults.flatMap(({ plan }) => (plan.beforehand ? [plan.target] : []));
  const { clock } = drill.dependencies;
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

/**
 * Asks every component that was broken or restored, or ready before the fault, and every service that ran
 * then, whether it is there and ready now. What lies in a lost region is not reached for. Never rejects for
 * what they say. `seen`: at an earlier look, after the recovery.
 */
export async function askAll(
  drill: Drill,
  before: Before,
  readyBefore: readonly string[],
  seen: SeenRunning,
): Promise<void> {
  const ran = [...before].filter(([, { status }]) => status === 'running');
  sayWait(drill, 'asking every component and service whether it stands', healthyDeadlineMs);
  const asked = [
    ...componentsToAsk(drill, readyBefore).map((name) => askComponent(drill, name)),
    ...ran.map(([name, state]) => askService(drill, drill.stack!.services.get(name)!, state, seen.get(name))),
  ];
  for (const event of await Promise.all(asked)) drill.timeline.emit('asked', event);
}

type Asked = {
  of: string;
  kind: 'component' | 'service';
  ready: boolean;
  detail: string;
  staysAway: boolean;
};

const lostForGood = (drill: Drill, region: string | null): boolean =>
  region !== null && drill.regions.get(region)?.over === false;

function componentsToAsk(drill: Drill, readyBefore: readonly string[]): string[] {
  const { recover } = drill.plan.scenario;
  const restored = recover === 'automatic' ? [] : recover.filter(isRestore).map((step) => step.restore);
  const inRegions = [...drill.plan.components.values()].filter(
    ({ region }) => region !== null && drill.regions.has(region),
  );
  return [
    ...new Set([
      ...brokenComponents(drill),
      ...restored,
      ...inRegions.map(({ name }) => name),
      ...readyBefore,
    ]),
  ];
}

async function askComponent(drill: Drill, name: string): Promise<Asked> {
  const { service, region } = drill.plan.components.get(name)!;
  const { staysAway } = drill.plan.scenario;
  const about = {
    of: name,
    kind: 'component' as const,
    staysAway: staysAway.includes(name) || staysAway.includes(service),
  };
  if (lostForGood(drill, region)) return { ...about, ...gone(region!) };
  const ready = await waited(drill, about.staysAway ? 0 : readyDeadlineMs, () =>
    attachedTo(drill, name).ready(),
  );
  return { ...about, ready: ready === true, detail: ready ? 'answers as ready' : 'does not answer as ready' };
}

async function askService(
  drill: Drill,
  service: Service,
  before: ServiceState,
  earlier: { startedAt: string; atMs: number } | undefined,
): Promise<Asked> {
  const away = drill.plan.scenario.staysAway;
  const here = [...drill.plan.components.values()]
    .filter((one) => one.service === service.name)
    .map((one) => one.name);
  const about = {
    of: service.name,
    kind: 'service' as const,
    staysAway: [service.name, ...here].some((one) => away.includes(one)),
  };
  if (lostForGood(drill, service.region)) return { ...about, ...gone(service.region!) };
  let last = 'could not be asked';
  let done = false;
  const { clock } = drill.dependencies;
  const patienceMs = clock.nowMs() + readyDeadlineMs;
  const seen = await waited(drill, about.staysAway ? 0 : healthyDeadlineMs, async () => {
    const seen = await service.state();
    last = told(seen);
    done = endedWell(seen);
    const checked = isUntold(seen, before) && (await passesItsCheck(service, drill.options.signal));
    if (!checked && !isAsBefore(seen, before))
      return seen.status !== 'running' && clock.nowMs() >= patienceMs ? 'away' : false;
    const sinceMs = earlier?.startedAt === seen.startedAt ? earlier.atMs : clock.nowMs();
    const steadyAtMs = sinceMs + (seen.restarts > before.restarts ? flappingMs : steadyMs);
    // A check takes a moment: it may have been passed by another start than the one that was seen.
    let again = checked ? await service.state() : seen;
    for (;;) {
      last = toldAgain(again, seen, checked);
      if (again.startedAt !== seen.startedAt) return false;
      if (!isAsBefore(again, before) && !(checked && isUntold(again, before))) return false;
      const leftMs = steadyAtMs - clock.nowMs();
      if (leftMs <= 0) return 'ready';
      await clock.sleep(Math.min(steadyMs, leftMs), drill.options.signal);
      again = await service.state();
    }
  });
  const ready = seen === 'ready';
  const remedy = done
    ? '. Where it is a job that ends by itself: name it under staysAway in the scenario'
    : '';
  return {
    ...about,
    ready,
    detail: ready ? last : `${last}; before the fault: ${told(before)}${about.staysAway ? '' : remedy}`,
  };
}

const gone = (region: string) => ({
  ready: false,
  detail: `region ${region} is lost and was not given back`,
  staysAway: true,
});

const told = ({ status, health, exitCode }: ServiceState): string =>
  [
    status,
    ...(health === null ? [] : [health]),
    ...(status === 'exited' ? [`code ${exitCode ?? 'unknown'}`] : []),
  ].join(', ');

/**
 * Docker asks once every interval, the first time after one: of a service that was started anew it may say
 * nothing for half a minute.
 */
const isUntold = (now: ServiceState, before: ServiceState): boolean =>
  now.status === 'running' && now.health === 'starting' && now.startedAt !== before.startedAt;

const passesItsCheck = (service: Service, signal: AbortSignal): Promise<boolean> =>
  service.waitHealthy(checkDeadlineMs, signal).then(
    () => true,
    () => false,
  );

function toldAgain(again: ServiceState, seen: ServiceState, checked: boolean): string {
  if (again.startedAt !== seen.startedAt) return `${told(again)}, but started anew while it was looked at`;
  return checked && again.health === 'starting' ? `${told(again)}, and its check passes` : told(again);
}

const isAsBefore = (now: ServiceState, before: ServiceState): boolean =>
  now.status === 'running' &&
  !isUntold(now, before) &&
  (now.health === null || now.health === 'healthy' || now.health === before.health);

/** What is meant to stay away is looked at once, and not waited for: a deadline of 0. */
function waited<T>(drill: Drill, deadlineMs: number, probe: () => Promise<T | false>): Promise<T | null> {
  return pollUntil(
    drill.dependencies.clock,
    { everyMs: askEveryMs, deadlineMs, signal: drill.options.signal },
    () => probe().catch(() => false as const),
  );
}
