import { pollUntil } from '../core/clock.ts';
import { messageOf } from '../core/errors.ts';
import type { Service, ServiceState } from '../core/service.ts';
import { brokenComponents } from './break.ts';
import { attachedTo, type Drill } from './drill-context.ts';
import { isRestore } from './plan.ts';
import { withDeadline } from './undo.ts';
import { sayWait } from './waiting.ts';

/** How long what was not ready is given to become so; what has recovered is ready at the first look. */
const readyDeadlineMs = 15_000;
/** A service that runs and whose health check has not said so yet: its next looks are so far away at most. */
const healthyDeadlineMs = 60_000;
const askEveryMs = 250;
/** A process that ends again and again is seen running now and then: it must be the same one this much later. */
const steadyMs = 1_000;
/** One that was started anew since then may be about to end again: as long as Docker itself takes for a start that went well. */
const flappingMs = 10_000;

/** What every service of the stack was before anything was broken. */
export type Before = ReadonlyMap<string, ServiceState>;

/** Notes the state of every service, for `askAll` to compare with. One that cannot be asked is left out, and noted. */
export async function stateOfServices(drill: Drill): Promise<Before> {
  const states = new Map<string, ServiceState>();
  for (const service of drill.stack?.services.values() ?? []) {
    try {
      states.set(service.name, await service.state());
    } catch (error) {
      drill.timeline.emit('note', { text: `what ${service.name} was before the fault is not known: ${messageOf(error)}` });
    }
  }
  return states;
}

/** The components that say now that they are ready, for `askAll` to ask again: a recovery may cost more than it brings back. */
export async function readyComponents(drill: Drill): Promise<string[]> {
  const brokenBeforehand = drill.plan.faults.flatMap(({ plan }) => (plan.beforehand ? [plan.target] : []));
  const { clock } = drill.dependencies;
  const ready = async (name: string): Promise<string[]> => {
    const what = `asking whether ${name} is ready`;
    return (await withDeadline(clock, what, readyDeadlineMs, attachedTo(drill, name).ready()).catch(() => false)) ? [name] : [];
  };
  const names = [...drill.attached.keys()].filter((name) => !brokenBeforehand.includes(name));
  sayWait(drill, 'asking every component whether it is ready', readyDeadlineMs);
  return (await Promise.all(names.map(ready))).flat();
}

/**
 * Asks every component that was broken or restored, or ready before the fault, and every service that ran then, whether it
 * is there and ready now. What lies in a lost region is not reached for. Never rejects for what they say.
 */
export async function askAll(drill: Drill, before: Before, readyBefore: readonly string[]): Promise<void> {
  const ran = [...before].filter(([, { status }]) => status === 'running');
  sayWait(drill, 'asking every component and service whether it stands', healthyDeadlineMs);
  const asked = [
    ...componentsToAsk(drill, readyBefore).map((name) => askComponent(drill, name)),
    ...ran.map(([name, state]) => askService(drill, drill.stack!.services.get(name)!, state)),
  ];
  for (const event of await Promise.all(asked)) drill.timeline.emit('asked', event);
}

type Asked = { of: string; kind: 'component' | 'service'; ready: boolean; detail: string; staysAway: boolean };

const lostForGood = (drill: Drill, region: string | null): boolean => region !== null && drill.regions.get(region)?.over === false;

function componentsToAsk(drill: Drill, readyBefore: readonly string[]): string[] {
  const { recover } = drill.plan.scenario;
  const restored = recover === 'automatic' ? [] : recover.filter(isRestore).map((step) => step.restore);
  const inRegions = [...drill.plan.components.values()].filter(({ region }) => region !== null && drill.regions.has(region));
  return [...new Set([...brokenComponents(drill), ...restored, ...inRegions.map(({ name }) => name), ...readyBefore])];
}

async function askComponent(drill: Drill, name: string): Promise<Asked> {
  const { service, region } = drill.plan.components.get(name)!;
  const { staysAway } = drill.plan.scenario;
  const about = { of: name, kind: 'component' as const, staysAway: staysAway.includes(name) || staysAway.includes(service) };
  if (lostForGood(drill, region)) return { ...about, ...gone(region!) };
  const ready = await waited(drill, about.staysAway ? 0 : readyDeadlineMs, () => attachedTo(drill, name).ready());
  return { ...about, ready: ready === true, detail: ready ? 'answers as ready' : 'does not answer as ready' };
}

async function askService(drill: Drill, service: Service, before: ServiceState): Promise<Asked> {
  const away = drill.plan.scenario.staysAway;
  const here = [...drill.plan.components.values()].filter((one) => one.service === service.name).map((one) => one.name);
  const about = { of: service.name, kind: 'service' as const, staysAway: [service.name, ...here].some((one) => away.includes(one)) };
  if (lostForGood(drill, service.region)) return { ...about, ...gone(service.region!) };
  let last = 'could not be asked';
  const { clock } = drill.dependencies;
  const patienceMs = clock.nowMs() + readyDeadlineMs;
  const seen = await waited(drill, about.staysAway ? 0 : healthyDeadlineMs, async () => {
    const seen = await service.state();
    last = told(seen);
    if (!isAsBefore(seen, before)) return seen.status !== 'running' && clock.nowMs() >= patienceMs ? 'away' : false;
    const steadyAtMs = clock.nowMs() + (seen.restarts > before.restarts ? flappingMs : steadyMs);
    while (clock.nowMs() < steadyAtMs) {
      await clock.sleep(steadyMs, drill.options.signal);
      const again = await service.state();
      last = again.startedAt === seen.startedAt ? told(again) : `${told(again)}, but started anew while it was looked at`;
      if (again.startedAt !== seen.startedAt || !isAsBefore(again, before)) return false;
    }
    return 'ready';
  });
  const ready = seen === 'ready';
  return { ...about, ready, detail: ready ? last : `${last}; before the fault: ${told(before)}` };
}

const gone = (region: string) => ({ ready: false, detail: `region ${region} is lost and was not given back`, staysAway: true });

const told = ({ status, health, exitCode }: ServiceState): string =>
  [status, ...(health === null ? [] : [health]), ...(status === 'exited' ? [`code ${exitCode ?? 'unknown'}`] : [])].join(', ');

const isAsBefore = (now: ServiceState, before: ServiceState): boolean =>
  now.status === 'running' && (now.health === null || now.health === 'healthy' || now.health === before.health);

/** What is meant to stay away is looked at once, and not waited for: a deadline of 0. */
function waited<T>(drill: Drill, deadlineMs: number, probe: () => Promise<T | false>): Promise<T | null> {
  return pollUntil(drill.dependencies.clock, { everyMs: askEveryMs, deadlineMs, signal: drill.options.signal }, () => probe().catch(() => false as const));
}
