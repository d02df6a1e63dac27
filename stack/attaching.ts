import { environmentError } from '../core/errors.ts';
import type { Service } from '../core/service.ts';
import type { StackUpOptions } from '../core/stack.ts';
import type { ComposeConfig } from './compose.ts';
import { noRules } from './containment.ts';
import { saying } from './deadline.ts';
import type { DrillSite } from './drill-site.ts';
import { isOptional } from './optional.ts';
import type { StackProviderOptions } from './provider-options.ts';
import type { Container, Runtime } from './runtime.ts';
import { attachService } from './service.ts';
import { untilAllStarted } from './starting.ts';
import { labels } from './owner.ts';
import { unnamedVolumesOf } from './unnamed-volumes.ts';

/** The container; what the engine made for it without a name is taken note of. */
export async function noted(container: Container, unnamed: Set<string>): Promise<Container> {
  for (const name of unnamedVolumesOf(await container.inspect())) unnamed.add(name);
  return container;
}

export async function containerOf(runtime: Runtime, project: string, service: string): Promise<Container> {
  const docker = runtime.container.dockerode;
  const all = await docker.listContainers({
    all: true,
    filters: { label: [`com.docker.compose.project=${project}`, `com.docker.compose.service=${service}`] },
  });
  // A helper that is made of an image which Compose built has its labels as well.
  const found = all.find(({ Labels }) => Labels[labels.role] === undefined);
  if (!found) throw environmentError(`Compose has made no container for ${service}`);
  return docker.getContainer(found.Id);
}

interface Starting {
  site: DrillSite;
  project: string;
  config: ComposeConfig;
  provider: StackProviderOptions;
  /** What is to be told of services that ended. */
  ended: string[];
  /** Volumes without a name that the engine made for the services. */
  unnamed: Set<string>;
}

export async function attachedAndReady(
  starting: Starting,
  up: StackUpOptions & { signal: AbortSignal },
  upped: () => boolean,
): Promise<Map<string, Service>> {
  const { site, project, config, unnamed } = starting;
  await untilAllStarted(site, project, config, up.signal, upped);
  const attached = await attachAll(site, project, config, unnamed);
  await allReady(starting, attached, up);
  return attached;
}

async function attachAll(
  site: DrillSite,
  project: string,
  config: ComposeConfig,
  unnamed: Set<string>,
): Promise<Map<string, Service>> {
  const docker = site.runtime.container.dockerode;
  const found = await docker.listContainers({
    all: true,
    filters: { label: [`com.docker.compose.project=${project}`] },
  });
  const services = new Map<string, Service>();
  for (const name of Object.keys(config.services)) {
    const container = found.find((each) => each.Labels['com.docker.compose.service'] === name);
    // A service behind a profile that nobody asked for has no container.
    if (!container) continue;
    const there = await noted(docker.getContainer(container.Id), unnamed);
    services.set(name, await attachService(site, name, there));
  }
  return services;
}

/**
 * What the tools cannot do is said by the fault that needs them; where nothing is to be broken, none is made
 * ready.
 */
async function allReady(
  starting: Starting,
  services: ReadonlyMap<string, Service>,
  up: StackUpOptions,
): Promise<void> {
  const { site, provider } = starting;
  const { healthDeadlineMs = 120_000 } = provider;
  const tools = up.breaks === false ? [] : [site.hostSignal, site.network];
  await Promise.all([
    ...tools.map((one) => one.prepare().catch(() => undefined)),
    ...[...services.values()].map((service) => settled(service, healthDeadlineMs, starting, up)),
  ]);
}

/**
 * Healthy, or done: a service that is meant to end (a migration, say) has ended well. What ended otherwise
 * and nothing needs is told of, and not waited for.
 */
async function settled(
  service: Service,
  deadlineMs: number,
  { config, ended }: Starting,
  up: StackUpOptions,
): Promise<void> {
  const { name } = service;
  const { status, exitCode } = await service.state();
  if (status === 'exited' && exitCode === 0) return;
  if (status === 'exited' && isOptional(name, config, up.host ?? noRules))
    return void ended.push(`${name} ended with ${exitCode}: nothing needs it, and it is not waited for`);
  up.progress(saying(`waiting for ${name} to be healthy`, deadlineMs));
  await service.waitHealthy(deadlineMs, up.signal);
  up.progress(`${name} is healthy`);
}
