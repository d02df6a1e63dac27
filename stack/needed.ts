import { inputError } from '../core/errors.ts';
import { contextServices } from './builds.ts';
import type { ComposeConfig } from './compose.ts';

/**
 * The services named and whatever they cannot do without, as Compose starts them: what they depend on, and
 * whose network, processes, mounts or memory they share, or with whose images they are built. All where
 * nothing is named.
 */
export function neededOf(config: ComposeConfig, named: readonly string[]): ComposeConfig {
  if (named.length === 0) return config;
  const needed = new Set<string>();
  const add = (name: string): void => {
    if (needed.has(name)) return;
    const service = config.services[name] as Needing | undefined;
    if (!service)
      throw inputError(`there is no service ${name} to start`, {
        found: name,
        expected: `one of ${Object.keys(config.services).join(', ')}`,
      });
    needed.add(name);
    for (const one of needsOf(service)) if (config.services[one]) add(one);
  };
  for (const name of named) add(name);
  const services = Object.entries(config.services).filter(([name]) => needed.has(name));
  return { ...config, services: Object.fromEntries(services) };
}

export interface Needing {
  depends_on?: unknown;
  links?: unknown;
  volumes_from?: unknown;
  network_mode?: unknown;
  pid?: unknown;
  ipc?: unknown;
  build?: unknown;
}

/** Names of the services that one needs to be there. */
export function needsOf(service: Needing): string[] {
  const texts = (value: unknown): string[] =>
    Array.isArray(value) ? value.filter((one) => typeof one === 'string') : [];
  const { depends_on: on } = service;
  const shared = [service.network_mode, service.pid, service.ipc].flatMap(
    (mode) => (typeof mode === 'string' && /^service:(.+)$/.exec(mode)?.[1]) || [],
  );
  const before = Array.isArray(on) || typeof on !== 'object' || on === null ? texts(on) : Object.keys(on);
  const first = (entry: string): string => entry.split(':')[0]!;
  return [
    ...before,
    ...shared,
    ...texts(service.links).map(first),
    ...texts(service.volumes_from).map(first),
    ...contextServices(service.build),
  ];
}
