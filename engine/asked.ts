import { pollUntil } from '../core/clock.ts';
import type { Service, ServiceState } from '../core/service.ts';
import type { EventData } from '../core/timeline.ts';
import { endedWell, jobDeadlineMs, servicesOf, type Before } from './before.ts';
import { brokenComponents } from './targets/index.ts';
import { attachedTo, type Drill, type Sandbox, type Control, type Given } from './drill-context.ts';
import type { PlannedComponent } from '../core/planned.ts';
import { restoredComponents } from '../core/steps/index.ts';
import { sayWait } from './waiting.ts';
import { withDeadline } from '../core/deadline.ts';

/** How long what was not ready is given to become so; what has recovered is ready at the first look. */
const readyDeadlineMs = 15_000;
/** A service that runs and whose health check has not said so yet: its next looks are so far away at most. */
const healthyDeadlineMs = 60_000;
const askEveryMs = 250;
/** How long a service that was started anew may take to pass its own check, before it is looked at again. */
const checkDeadlineMs = 5_000;
/**
 * A process that ends again and again is seen running now and then: it must be the same one this much later.
 */
const steadyMs = 1_000;
/**
 * One that was started anew since then may be about to end again: as long as Docker itself takes for a start
 * that went well.
 */
const flappingMs = 10_000;

/** Which start of each service was seen running, and when: `askAll` need not wait that long again. */
export type SeenRunning = ReadonlyMap<string, { startedAt: string; atMs: number }>;

/** Never rejects: what cannot be asked is not among them. */
export async function seenRunning(drill: Sandbox & Control): Promise<SeenRunning> {
  const look = async (service: Service): Promise<[string, { startedAt: string; atMs: number }][]> => {
    const what = `asking what ${service.name} is`;
    const state = await withDeadline(drill.clock, what, jobDeadlineMs, service.state()).catch(() => null);
    if (state?.status !== 'running') return [];
    return [[service.name, { startedAt: state.startedAt, atMs: drill.clock.nowMs() }]];
  };
  return new Map((await Promise.all([...servicesOf(drill)].map(look))).flat());
}

/**
 * Asks every component that was broken or restored, or ready before the fault, and every service that ran
 * then, whether it is there and ready now; all others are looked at. What lies in a lost region is not
 * reached for. Never rejects for what they say. `seen`: at an earlier look, after the recovery.
 */
export async function askAll(
  drill: Drill,
  before: Before,
  readyBefore: readonly string[],
  seen: SeenRunning,
): Promise<void> {
  const ran = [...before].filter(([, { status }]) => status === 'running');
  const components = componentsToAsk(drill, readyBefore);
  sayWait(drill, 'asking every component and service whether it stands', healthyDeadlineMs);
  const asked = [
    ...components.map((name) => askComponent(drill, name)),
    ...ran.map(([name, state]) => askService(drill, drill.stack!.services.get(name)!, state, seen.get(name))),
    ...[...drill.plan.components.values()]
      .filter(({ name }) => !components.includes(name))
      .map((one) => lookAtComponent(drill, one)),
    ...[...servicesOf(drill)]
      .filter(({ name }) => before.get(name)?.status !== 'running')
      .map((service) => lookAtService(drill, service)),
  ];
  for (const event of await Promise.all(asked)) drill.timeline.emit('asked', event);
}

type Asked = EventData['asked'];

/** What did not stand before the fault is looked at once, and need not stand now. */
async function lookAtComponent(drill: Sandbox & Control, { name, region }: PlannedComponent): Promise<Asked> {
  const about = { of: name, kind: 'component' as const, stood: false as const };
  if (lostForGood(drill, region)) return { ...about, ...gone(region!) };
  const what = `asking whether ${name} is ready`;
  const looking = withDeadline(drill.clock, what, jobDeadlineMs, attachedTo(drill, name).ready());
  const ready = await looking.catch(() => false);
  const detail = ready ? 'answers as ready' : 'does not answer as ready';
  return { ...about, ready, detail, staysAway: false };
}

async function lookAtService(drill: Sandbox & Control, service: Service): Promise<Asked> {
  const about = { of: service.name, kind: 'service' as const, stood: false as const };
  if (lostForGood(drill, service.region)) return { ...about, ...gone(service.region!) };
  const what = `asking what ${service.name} is`;
  const looking = withDeadline(drill.clock, what, jobDeadlineMs, service.state());
  const state = await looking.catch(() => null);
  const detail = state ? told(state) : 'could not be asked';
  return { ...about, ready: state?.status === 'running', detail, staysAway: false };
}

const lostForGood = (drill: Sandbox, region: string | null): boolean =>
  region !== null && drill.regions.get(region)?.over === false;

function componentsToAsk(drill: Sandbox & Given, readyBefore: readonly string[]): string[] {
  const inRegions = [...drill.plan.components.values()].filter(
    ({ region }) => region !== null && drill.regions.has(region),
  );
  return [
    ...new Set([
      ...brokenComponents(drill),
      ...restoredComponents(drill.plan.scenario),
      ...inRegions.map(({ name }) => name),
      ...readyBefore,
    ]),
  ];
}

async function askComponent(drill: Sandbox & Control & Given, name: string): Promise<Asked> {
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
  drill: Sandbox & Control & Given,
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
  const { clock } = drill;
  const patienceMs = clock.nowMs() + readyDeadlineMs;
  const seen = await waited(drill, about.staysAway ? 0 : healthyDeadlineMs, async () => {
    const seen = await service.state();
    last = told(seen);
    done = endedWell(seen);
    const checked = isUntold(seen, before) && (await passesItsCheck(service, drill.signal));
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
      await clock.sleep(Math.min(steadyMs, leftMs), drill.signal);
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
function waited<T>(drill: Control, deadlineMs: number, probe: () => Promise<T | false>): Promise<T | null> {
  return pollUntil(drill.clock, { everyMs: askEveryMs, deadlineMs, signal: drill.signal }, () =>
    probe().catch(() => false as const),
  );
}
