import { isOfComponent } from '../core/fault.ts';
import {
  componentsIn,
  type PlannedComponent,
  type PlannedFault,
  type PlannedStore,
} from '../core/planned.ts';
import type { Scenario } from '../core/scenario.ts';
import type { StackDescription } from '../core/stack.ts';
import { restoredComponents } from '../core/steps/index.ts';

type Mount = { volume: string; path: string; folder: string };

const isWithin = (path: string, folder: string): boolean =>
  folder === '' || `${path}/`.replace('//', '/').startsWith(`${folder}/`.replace('//', '/'));
const meet = (a: string, b: string): boolean => isWithin(a, b) || isWithin(b, a);

/** Volumes on which servers of that kind keep their data; all where nobody knows where they do. */
function dataMounts(mounts: readonly Mount[], folders: readonly string[] = []): readonly Mount[] {
  const found = mounts.filter(({ path }) => folders.some((folder) => meet(path, folder)));
  return found.length > 0 ? found : mounts;
}

/**
 * Services that have what this component keeps its data on mounted as well, each with the volume: what
 * becomes of it there becomes of it here.
 */
function sharers(
  { services }: StackDescription,
  { service, driver }: Pick<PlannedComponent, 'service' | 'driver'>,
): Map<string, string> {
  const mine = dataMounts(services.get(service)?.mounts ?? [], driver.dataFolders);
  const shared = new Map<string, string>();
  for (const [name, { mounts }] of services) {
    if (name === service) continue;
    const same = mine.find((one) =>
      mounts.some(({ volume, folder }) => volume === one.volume && meet(folder, one.folder)),
    );
    if (same) shared.set(name, same.volume);
  }
  return shared;
}

/** Names for each component the others that live in a service which shares a volume of its data. */
export function withSharers(
  components: ReadonlyMap<string, PlannedComponent>,
  stack: StackDescription | null,
): Map<string, PlannedComponent> {
  if (!stack) return new Map(components);
  const all = [...components.values()];
  return new Map(
    all.map((one) => {
      const services = sharers(stack, one);
      const shares = all.filter(({ service }) => services.has(service)).map(({ name }) => name);
      return [one.name, { ...one, shares }];
    }),
  );
}

/** A line for each service that shares the data of what is broken or restored. */
export function notesOnSharers(
  scenario: Scenario,
  components: ReadonlyMap<string, PlannedComponent>,
  faults: readonly PlannedFault[],
  stack: StackDescription | null,
): string[] {
  if (!stack) return [];
  const broken = faults.flatMap(({ fault, plan }) =>
    isOfComponent(fault) && (fault.losesData || fault.mayLoseData)
      ? componentsIn(plan.target, components).map(({ name }) => name)
      : [],
  );
  return [...new Set([...broken, ...restoredComponents(scenario)])].flatMap((name) => {
    const one = components.get(name);
    if (!one) return [];
    return [...sharers(stack, one)].map(([service, volume]) => {
      const there = componentsIn(service, components).map((each) => each.name);
      const looked =
        there.length > 0
          ? `what ${there.join(' and ')} holds is compared as well`
          : 'no component stands for it, and nobody looks at what it holds';
      return `${name} keeps its data on ${volume}, and service ${service} has that too: what a fault takes or a restore puts there is so for both, and ${looked}`;
    });
  });
}

/**
 * Named volumes that no backup of the strategy holds, as far as the compose file tells: a backup of a
 * database alone may be worth nothing without the key that lies in another one.
 */
export function notesOnUnprotected(
  components: ReadonlyMap<string, PlannedComponent>,
  stores: readonly PlannedStore[],
  stack: StackDescription | null,
): string[] {
  if (!stack) return [];
  const mountsOf = (service: string): readonly Mount[] => stack.services.get(service)?.mounts ?? [];
  const volumesOf = (service: string): string[] => mountsOf(service).map(({ volume }) => volume);
  const heldOf = ({ service, driver, declared }: PlannedComponent): string[] => {
    const backups = Object.values(declared.backups);
    if (backups.length === 0 || service === null) return [];
    // What else a command of the user's own packs, nobody knows.
    if (backups.some(({ method }) => method === 'command')) return volumesOf(service);
    return dataMounts(mountsOf(service), driver.dataFolders).map(({ volume }) => volume);
  };
  const held = new Set([
    ...[...components.values()].flatMap(heldOf),
    ...stores.flatMap(({ service }) => (service === null ? [] : volumesOf(service))),
  ]);
  return [...stack.services.keys()].flatMap((service) =>
    [...new Set(volumesOf(service))]
      .filter((volume) => !held.has(volume))
      .map(
        (volume) =>
          `volume ${volume} of ${service} is in no backup of this strategy: a disaster takes it for good`,
      ),
  );
}
