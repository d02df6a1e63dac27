import { environmentError } from '../core/errors.ts';
import type { HostRules } from '../core/stack.ts';
import { actedOnIn } from './acted-on.ts';
import { leftElsewhere } from './builds.ts';
import type { ComposeConfig } from './compose.ts';
import { nothingLaid, type Laid } from './override.ts';
import type { HostVolume } from './host-volumes.ts';
import type { MovedService } from './moved-shape.ts';
import type { HostMount } from './mounts.ts';
import { reachOf } from './reach.ts';
import { volumeKind } from './volume-options.ts';

interface Merged {
  type: string;
  source?: string;
  target: string;
  read_only?: boolean;
  bind?: { propagation?: string; selinux?: string };
}

/** What is laid over a compose file in the place of all that its services would have of the host. */
export function laidOver(mounts: readonly HostMount[], made: readonly HostVolume[]): Laid {
  const services: Record<string, object[]> = {};
  const put = (service: string, entry: object): void => void (services[service] ??= []).push(entry);
  for (const { path, uses, deal } of mounts) {
    if (deal !== 'read-only') continue;
    // Nothing but the path: an option such as `selinux: z` would change the folder itself.
    for (const { service, target } of uses)
      put(service, {
        type: 'bind',
        source: path,
        target,
        read_only: true,
        bind: { create_host_path: false },
      });
  }
  for (const { mount, key, path, filled } of made) {
    for (const { service, target, writable, subpath } of mount.uses) {
      const only = writable ? {} : { read_only: true };
      if (path !== null)
        put(service, { type: 'bind', source: path, target, ...only, bind: { create_host_path: false } });
      else
        put(service, {
          type: 'volume',
          source: key,
          target,
          ...only,
          volume: { nocopy: filled, ...(subpath === undefined ? {} : { subpath }) },
        });
    }
  }
  const volumes = Object.fromEntries(made.map(({ key, volume }) => [key, { name: volume, external: true }]));
  return { ...nothingLaid, services, volumes };
}

/**
 * Refuses to start what Compose makes of both files unless it is what was decided: no folder of the host but
 * those, read-only, nothing that reaches the host but what is allowed, and nothing that others act on. The
 * user's file may have been changed since it was read.
 */
export function assertContained(merged: ComposeConfig, laid: Laid, rules: HostRules, project: string): void {
  const { access } = rules;
  const refused = (service: string, what: string): never => {
    throw environmentError(`${service} would start with something of the host that was not decided on`, {
      found: what,
      hint: 'was the compose file changed just now?',
    });
  };
  for (const [service, { volumes = [] }] of Object.entries(merged.services)) {
    const decided = (laid.services[service] ?? []) as Merged[];
    for (const mount of volumes as Merged[]) {
      const same = decided.find(({ target }) => target === mount.target);
      if (mount.type === 'bind') {
        const isSame =
          same?.type === 'bind' && same.source === mount.source && same.read_only === mount.read_only;
        if (!isSame || mount.bind?.propagation || mount.bind?.selinux)
          refused(service, `${mount.source} at ${mount.target}`);
      } else if (mount.type === 'volume') {
        if (
          same
            ? same.source !== mount.source
            : mount.source !== undefined && !isOwn(merged, mount.source, project)
        )
          refused(service, `volume ${mount.source} at ${mount.target}`);
      } else if (mount.type !== 'tmpfs' && mount.type !== 'image')
        refused(service, `${mount.type} at ${mount.target}`);
    }
  }
  for (const [service, found] of sharedOf(merged, laid, project)) refused(service, found);
  for (const [service, found] of leftElsewhere(merged, project)) refused(service, found);
  for (const [service, found] of actedOnIn(merged, rules, laid.neutral)) refused(service, found);
  const reach = reachOf(merged).find(({ service }) => access[service] === undefined);
  if (reach) refused(reach.service, reach.what);
}

/** What is somebody else's, or would be in the way of another stack: names, ports, networks. */
function sharedOf(
  { services, networks = {} }: ComposeConfig,
  laid: Laid,
  project: string,
): [string, string][] {
  const declared = Object.entries(services) as [string, MovedService][];
  return [
    ...Object.entries(networks)
      .filter(
        ([key, { name, external }]) => (external && !(key in laid.networks)) || name !== `${project}_${key}`,
      )
      .map(([key, { name }]): [string, string] => [`network ${key}`, `network ${name}`]),
    ...declared
      .filter(([, { container_name: name }]) => name !== undefined && !name.startsWith(`${project}-`))
      .map(([service, { container_name: name }]): [string, string] => [service, `container_name ${name}`]),
    ...declared.flatMap(([service, { ports = [] }]) =>
      ports
        .filter(({ published = '' }) => !['', '0'].includes(String(published)))
        .map(({ published }): [string, string] => [service, `port ${published} of this machine`]),
    ),
  ];
}

/** A volume that Compose makes anew for this project, on the engine's own disk or in memory. */
function isOwn({ volumes }: ComposeConfig, name: string, project: string): boolean {
  const { external, name: full, driver, driver_opts: options = {} } = volumes?.[name] ?? {};
  return (
    !external &&
    full === `${project}_${name}` &&
    (driver ?? 'local') === 'local' &&
    ['own', 'memory'].includes(volumeKind(options))
  );
}
