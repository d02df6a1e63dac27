import { pollUntil } from '../core/clock.ts';
import type { Undo } from '../core/active-fault.ts';
import { environmentError, messageOf } from '../core/errors.ts';
import type { RegionTarget } from '../core/fault.ts';
import type { Service } from '../core/service.ts';
import type { Store } from '../core/store.ts';
import type { RegionAccess } from '../core/stack.ts';
import type { Json } from '../core/timeline.ts';
import type { Recorded, Sandbox, Control, Given } from './drill-context.ts';
import type { RegionLoss } from './region-loss.ts';
import { sayWait } from './waiting.ts';
import { withDeadline } from '../core/deadline.ts';

/**
 * Calls of a service that reach into it. `power` acts on it from outside through the engine, as fencing does
 * out of band, and reads nothing. Where a connection is made, the packet filter sees it, and looking up a
 * state or an address reaches nobody.
 */
const serviceCalls: Partial<Record<keyof Service, RegionAccess['kind']>> = {
  exec: 'read',
  spawn: 'read',
  helper: 'read',
  prepareFolder: 'read',
  logs: 'read',
  start: 'read',
  unpause: 'read',
  stop: 'power',
  pause: 'power',
  signalFromHost: 'power',
  signalEach: 'power',
  putFile: 'power',
  holdDown: 'power',
};
const storeCalls: Partial<Record<keyof Store, RegionAccess['kind']>> = {
  read: 'read',
  list: 'other',
  write: 'other',
  remove: 'other',
};

/** The region of a store: where the strategy says that it lies, or else the service that it lives in. */
export const regionOfStore = (drill: Sandbox & Given, name: string): string | null => {
  const { region, service } = drill.plan.stores.find((one) => one.name === name)!;
  return region ?? (service === null ? null : (drill.stack?.services.get(service)?.region ?? null));
};

/**
 * The service as it is handed out: while its region is lost, what reaches into it is noted. Nothing is held
 * back.
 */
export function watchedService(drill: Recorded & Sandbox, service: Service): Service {
  return watched(service, (call, act) => {
    const kind = serviceCalls[call as keyof Service];
    return kind ? noted(drill, service.region, { of: service.name, what: call, kind }, act) : act();
  });
}

/** The same for a store. */
export function watchedStore(drill: Recorded & Sandbox & Given, name: string, store: Store): Store {
  return watched(store, (call, act) => {
    const kind = storeCalls[call as keyof Store];
    return kind
      ? noted(drill, regionOfStore(drill, name), { of: `store ${name}`, what: call, kind }, act)
      : act();
  });
}

function watched<T extends object>(target: T, call: (name: string, act: () => unknown) => unknown): T {
  return new Proxy(target, {
    get: (from, name) => {
      const value: unknown = Reflect.get(from, name);
      return typeof value !== 'function'
        ? value
        : (...given: unknown[]) => call(String(name), () => Reflect.apply(value, from, given));
    },
  });
}

async function noted(
  drill: Recorded & Sandbox,
  region: string | null,
  what: Pick<RegionAccess, 'of' | 'what' | 'kind'>,
  act: () => unknown,
): Promise<unknown> {
  const loss = region === null ? undefined : drill.regions.get(region);
  if (!loss || loss.over) return act();
  const key = `${what.what} ${what.of}`;
  const access = loss.accesses.get(key) ?? { ...what, ok: 0, failed: 0, firstAtMs: drill.timeline.now() };
  loss.accesses.set(key, access);
  try {
    const result = await act();
    access.ok += 1;
    return result;
  } catch (error) {
    access.failed += 1;
    access.error ??= messageOf(error).slice(0, 200);
    throw error;
  }
}

/**
 * What a fault, by its id, may ask of a region. Its services are not watched: a witness's look is no part
 * of the recovery.
 */
export function regionTarget(drill: Recorded & Sandbox & Given, name: string, fault: string): RegionTarget {
  const all = [...(drill.stack?.services.values() ?? [])];
  const services = all.filter((one) => one.region === name);
  const stores = drill.plan.stores.map((one) => one.name).filter((one) => regionOfStore(drill, one) === name);
  return {
    name,
    services,
    others: all.filter((one) => one.region !== name),
    stores,
    aim: async (how) => {
      const aimed = await drill.stack!.aimAtRegion(name, how);
      return {
        strike: async () => {
          const lost = await aimed.strike();
          drill.regions.set(name, { how, lost, undo: null, accesses: new Map(), over: false });
          drill.timeline.emit('region.lost', {
            of: fault,
            region: name,
            how,
            services: services.map((one) => one.name),
            stores,
          });
          return lost;
        },
      };
    },
  };
}

/**
 * The undo of a lost region, whoever comes first: a step of the recovery or the end of the drill. What had
 * reached for it is on the timeline before it is back.
 */
export function undoOfLoss(drill: Recorded & Sandbox, region: string, undo: Undo): Undo {
  const loss = drill.regions.get(region);
  if (!loss) return undo;
  loss.undo = {
    ...undo,
    run: async () => {
      const first = !loss.over;
      if (first) await endOfLoss(drill, region, loss);
      await undo.run();
      if (first) drill.timeline.emit('region.returned', { region });
    },
  };
  return loss.undo;
}

async function endOfLoss(drill: Recorded, region: string, loss: RegionLoss): Promise<void> {
  const { timeline } = drill;
  const attempts = await loss.lost.connectionAttempts().catch((error: unknown) => messageOf(error));
  loss.over = true;
  const accesses = [...loss.accesses.values()];
  timeline.emit(
    'region.connections',
    typeof attempts === 'string'
      ? { region, attempts: [], accesses, error: attempts }
      : { region, attempts, accesses },
  );
}

const healedEveryMs = 100;
/** Time for a server to make itself a new data folder. */
const healthyDeadlineMs = 60_000;

/**
 * A step of the recovery: the region comes back, which is witnessed. What was dead and is started on empty
 * volumes is given time to become healthy; what does not, because it was fenced or lacks its data, is for the
 * steps that follow.
 */
export async function returnRegion(drill: Sandbox & Control, region: string): Promise<Json> {
  const loss = drill.regions.get(region);
  if (!loss?.undo)
    throw environmentError(`region ${region} is not lost`, {
      expected: 'a fault that takes it away before this step',
    });
  const { undo, how } = loss;
  const { signal } = drill;
  sayWait(drill, `waiting for region ${region} to be back`, 2 * undo.deadlineMs + healthyDeadlineMs);
  await withDeadline(drill.clock, `giving region ${region} back`, undo.deadlineMs, undo.run());
  const healed = await pollUntil(
    drill.clock,
    { everyMs: healedEveryMs, deadlineMs: undo.deadlineMs, signal },
    async () => (await undo.healed()) !== false,
  );
  if (!healed)
    throw environmentError(`region ${region} is not back`, {
      expected: `its services to accept connections within ${undo.deadlineMs} ms`,
    });
  const services = [...drill.stack!.services.values()].filter((one) => one.region === region);
  if (how === 'dead')
    await Promise.allSettled(services.map((one) => one.waitHealthy(healthyDeadlineMs, signal)));
  signal.throwIfAborted();
  const states = await Promise.all(services.map(async (one) => [one.name, await one.state()] as const));
  return {
    region,
    services: Object.fromEntries(
      states.map(([name, { status, health }]) => [name, health === null ? status : `${status}, ${health}`]),
    ),
  };
}
