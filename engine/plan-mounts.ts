import { unknownName, type Source } from '../core/document.ts';
import { InputErrors, MusterError } from '../core/errors.ts';
import type { HostRules, StackDescription, StackProvider } from '../core/stack.ts';
import type { Strategy } from '../core/strategy.ts';
import type { Plan, PlannedComponent, PlannedStore } from '../core/planned.ts';
import type { Registries } from '../core/registries.ts';
import { checkImages } from './plan-images.ts';
import type { Problems } from './plan-input.ts';

interface Planning {
  stackFile: string;
  stackOverrides: readonly string[];
  stack: StackDescription;
  strategy: Strategy;
  components: ReadonlyMap<string, PlannedComponent>;
  stores: readonly PlannedStore[];
  registries: Registries;
}

/** The strategy's rules about the host, with what the drivers know of where data lies. */
export function hostRules(
  strategy: Strategy,
  components: ReadonlyMap<string, PlannedComponent>,
  stores: readonly PlannedStore[],
): HostRules {
  const dataFolders: Record<string, string[]> = {};
  for (const { service, driver } of components.values())
    (dataFolders[service] ??= []).push(...(driver.dataFolders ?? []));
  return {
    dataFolders,
    mounts: strategy.mounts,
    access: strategy.hostAccess,
    egress: strategy.egress === 'open' ? 'open' : 'closed',
    ...(typeof strategy.egress === 'object' ? { wayOut: strategy.egress } : {}),
    environment: schedulesSet(components),
    followed: followedIn(components),
    ways: waysOf(components, stores),
  };
}

const followedIn = (components: ReadonlyMap<string, PlannedComponent>): string[] => [
  ...new Set(
    [...components.values()].flatMap(({ driver, declared }) =>
      Object.values(declared.backups).flatMap(
        ({ method, options }) => driver.backups[method]?.follows?.(options)?.service ?? [],
      ),
    ),
  ),
];

/** Variables by which those that back up by a clock of their own run as often as a drill needs. */
function schedulesSet(
  components: ReadonlyMap<string, PlannedComponent>,
): Record<string, Record<string, string>> {
  const set: Record<string, Record<string, string>> = {};
  for (const { driver, declared } of components.values())
    for (const { method, options } of Object.values(declared.backups)) {
      const { service, schedule } = driver.backups[method]?.follows?.(options) ?? {};
      if (service && schedule) (set[service] ??= {})[schedule.env] = schedule.drill;
    }
  return set;
}

/** Where Muster goes in: as a client, by the server's own port, and to stores. */
function waysOf(
  components: ReadonlyMap<string, PlannedComponent>,
  stores: readonly PlannedStore[],
): Record<string, number[]> {
  const ways: Record<string, number[]> = {};
  const add = (service: string, port: number): void => {
    const known = (ways[service] ??= []);
    if (!known.includes(port)) known.push(port);
  };
  for (const { service, driver, declared } of components.values()) {
    if (driver.inProcess) continue;
    const { clients } = declared;
    if (clients) add(clients.service, clients.port);
    if (clients?.service !== service) add(service, driver.port);
  }
  for (const { service, config } of stores) {
    const port = (config as { port?: unknown } | undefined)?.port;
    if (service !== null && typeof port === 'number') add(service, port);
  }
  return ways;
}

/**
 * What the services would have of the host, and what they get instead; input errors for what could reach it
 * and is not allowed, and for images that a driver is not for.
 */
export async function planMounts(
  source: Source,
  { stackFile, stackOverrides, stack, strategy, components, stores, registries }: Planning,
  provider: StackProvider,
  problems: Problems,
): Promise<Pick<Plan, 'mounts' | 'moved'>> {
  const services = [...stack.services.keys()];
  for (const name of Object.keys(strategy.hostAccess)) {
    if (!services.includes(name))
      problems.add(unknownName(source, ['hostAccess', name], 'service', name, services, true));
  }
  for (const name of typeof strategy.egress === 'object' ? Object.keys(strategy.egress) : [])
    if (!services.includes(name))
      problems.add(unknownName(source, ['egress', name], 'service', name, services, true));
  try {
    const found = await provider.contain({
      file: stackFile,
      overrides: stackOverrides,
      profiles: strategy.profiles,
      services: strategy.services,
      host: hostRules(strategy, components, stores),
    });
    if (found === null)
      return {
        mounts: [
          'what the services would have of the host is looked at when the stack is brought up: Compose cannot say yet',
        ],
        moved: [],
      };
    for (const key of found.unknown)
      problems.add(unknownName(source, ['mounts', key], 'mount of the compose file', key, found.names, true));
    checkImages(source, components, found.images, registries, problems);
    return { mounts: [...found.lines, ...found.volumes], moved: found.moved };
  } catch (error) {
    if (error instanceof InputErrors) for (const one of error.all) problems.add(one);
    else if (error instanceof MusterError && error.trouble === 'input') problems.add(error);
    else throw error;
    return { mounts: [], moved: [] };
  }
}
