import type { Clock } from '../core/clock.ts';
import { environmentError, messageOf } from '../core/errors.ts';
import type { Service, ServiceState } from '../core/service.ts';
import { deploymentOf } from './deployment.ts';
import { frameParser } from './frames.ts';
import { untilFrozen } from './freeze.ts';
import { checkOf, waitHealthy } from './healthy.ts';
import { createHelper } from './helper.ts';
import { prepareFolder } from './prepare-folder.ts';
import { digestOf } from './images.ts';
import { tryConnection } from './try-connection.ts';
import { watchOomKills } from './oom-kills.ts';
import { assertOwnPath, followedPath } from './own-path.ts';
import { labels, regionLabel } from './owner.ts';
import { partition } from './partition.ts';
import { processesOf, signalEach } from './processes.ts';
import { processorOf } from './processor.ts';
import { putFile } from './put-file.ts';
import { engineAddress, statusOf, type Container, type Inspection } from './runtime.ts';
import { containerShell } from './shell.ts';
import type { DrillSite } from './drill-site.ts';
import type { Place } from './drill-site.ts';

/**
 * A container of the drill as a service. Environment error when the container does not carry the drill's
 * label.
 */
export async function attachService(site: DrillSite, name: string, container: Container): Promise<Service> {
  const found = await container.inspect();
  // Another one after a deployment: whatever is done is done to the one that is there then.
  const place: Place = { container };
  assertOurs(site, name, found);
  const ours = async (): Promise<Inspection> =>
    assertOurs(site, name, await inspected(place.container, name));
  const act = async (what: string, run: () => Promise<unknown>): Promise<void> => {
    await ours();
    try {
      await run();
    } catch (error) {
      // 304: it is in that state already.
      if (statusOf(error) !== 304)
        throw environmentError(`${name} cannot be ${what}`, { found: messageOf(error), cause: error });
    }
  };
  const service: Service = {
    ...containerShell({
      ...site,
      name,
      get container() {
        return place.container;
      },
    }),
    name,
    ...(await madeWith(site, found)),
    assertOwnPath: async (path) => {
      const container = await ours();
      await assertOwnPath(site, name, container, path);
      await assertOwnPath(site, name, container, await followedPath(place.container, path));
    },
    tryConnection: async (port, options) =>
      tryConnection(site.network.on, await inspected(place.container, name), port, options),
    putFile: async (path, content, { mode } = {}) =>
      putFile(place.container, name, await ours(), path, content, mode),
    partition: (direction) => partition(site.network, name, ours, direction),
    endpoint: async (port) => endpointOf(site, name, port, await inspected(place.container, name)),
    knownAs: async () => knownAs(name, await inspected(place.container, name)),
    state: () => stateOf(place.container),
    signalFromHost: async (signal) => {
      const { State } = await ours();
      if (!State.Pid)
        throw environmentError(`${name} has no process to signal`, {
          found: State.Status,
          expected: 'running',
        });
      await site.hostSignal.send({ pid: State.Pid, container: place.container.id, signal });
    },
    signalEach: async (signal) => signalEach(site.hostSignal, place.container, await ours(), signal),
    processes: () => processesOf(place.container),
    ...lifeOf(site.clock, place, act, found),
    watchOomKills: () => watchOomKills(site, place.container),
    ...processorOf(() => place.container, found.HostConfig, act),
    waitHealthy: (deadlineMs, signal) => waitHealthy(site, service, checkOf(found), deadlineMs, signal),
    helper: async (options) => createHelper(site, name, await ours(), options),
    prepareFolder: async (recipe) => prepareFolder(site, name, await ours(), recipe),
    logs: (lines) => logsOf(place.container, lines),
    deployment: deploymentOf(site, name, place, ours),
  };
  return service;
}

/** What its container was made with. */
const madeWith = async (
  site: DrillSite,
  found: Inspection,
): Promise<Pick<Service, 'image' | 'region' | 'env' | 'argv' | 'mounts' | 'ports' | 'exposed'>> => ({
  image: {
    reference: found.Config.Image,
    digest: (await digestOf(site.runtime, found.Config.Image)) ?? found.Image,
  },
  region: found.Config.Labels?.[regionLabel] ?? null,
  env: Object.fromEntries(
    found.Config.Env.map((entry) => [
      entry.slice(0, entry.indexOf('=')),
      entry.slice(entry.indexOf('=') + 1),
    ]),
  ),
  argv: [found.Config.Entrypoint ?? [], found.Config.Cmd ?? []].flat(),
  mounts: found.Mounts.filter((mount) => mount.Type === 'volume').map((mount) => ({
    volume: mount.Name!,
    path: mount.Destination,
    anonymous: /^[0-9a-f]{64}$/.test(mount.Name!),
  })),
  ports: publishedPorts(found),
  exposed: exposedPorts(found),
});

/** Whether and how its container runs, changed through the engine. */
const lifeOf = (
  clock: Clock,
  place: Place,
  act: (what: string, run: () => Promise<unknown>) => Promise<void>,
  { HostConfig: made }: Inspection,
): Pick<Service, 'stop' | 'start' | 'pause' | 'unpause' | 'limitMemory' | 'holdDown'> => ({
  // Where nobody says how long, it is as the compose file has it (`stop_grace_period`), or the engine.
  stop: (graceSeconds) =>
    act('stopped', () => place.container.stop(graceSeconds === undefined ? {} : { t: graceSeconds })),
  start: () => act('started', () => place.container.start()),
  pause: () => act('paused', () => untilFrozen(clock, () => place.container.pause())),
  unpause: () => act('unpaused', () => place.container.unpause()),
  limitMemory: (bytes) =>
    act('limited in memory', () =>
      place.container.update(
        bytes === null ? memoryOf(made.Memory, made.MemorySwap) : memoryOf(bytes, bytes),
      ),
    ),
  holdDown: (held) =>
    act('kept down', () =>
      place.container.update({ RestartPolicy: held ? { Name: 'no' } : made.RestartPolicy }),
    ),
});

/**
 * The engine takes no zero for none, and nothing below 6 MiB: a limit that no machine has stands for none.
 */
const noLimitBytes = 2 ** 53;
const memoryOf = (bytes = 0, withSwap = 0): { Memory: number; MemorySwap: number } => ({
  Memory: bytes > 0 ? bytes : noLimitBytes,
  MemorySwap: withSwap > 0 ? withSwap : noLimitBytes,
});

function assertOurs(site: DrillSite, name: string, found: Inspection): Inspection {
  if (
    found.Config.Labels?.[labels.drill] === site.drill &&
    found.Config.Labels[labels.owner] === site.labels[labels.owner]
  )
    return found;
  throw environmentError(`refusing to touch ${name}: its container is not this drill's`, {
    found: `${labels.drill}=${found.Config.Labels?.[labels.drill] ?? '(none)'}`,
    expected: `${labels.drill}=${site.drill}`,
  });
}

async function inspected(container: Container, name: string): Promise<Inspection> {
  try {
    return await container.inspect();
  } catch (error) {
    if (statusOf(error) === 404) throw environmentError(`the container of ${name} is gone`, { cause: error });
    throw error;
  }
}

const tcpPorts = (declared: Record<string, unknown> | undefined): number[] =>
  Object.keys(declared ?? {})
    .filter((port) => port.endsWith('/tcp'))
    .map((port) => Number.parseInt(port, 10))
    .sort((a, b) => a - b);

const publishedPorts = ({ HostConfig }: Inspection): number[] =>
  tcpPorts((HostConfig as { PortBindings?: Record<string, unknown> }).PortBindings);

const exposedPorts = (found: Inspection): number[] => [
  ...new Set([...publishedPorts(found), ...tcpPorts(found.Config.ExposedPorts)]),
];

function endpointOf(
  site: DrillSite,
  name: string,
  port: number,
  found: Inspection,
): { host: string; port: number } {
  const binding = found.NetworkSettings.Ports?.[`${port}/tcp`]?.find((each) => !each.HostIp.includes(':'));
  if (!binding) {
    const published = Object.keys(found.Config.ExposedPorts ?? {}).join(', ') || 'none';
    throw environmentError(`port ${port} of ${name} is not reachable from here`, {
      found: found.State.Running ? `published ports: ${published}` : `the container is ${found.State.Status}`,
      expected: `a running container and "127.0.0.1::${port}" under its ports`,
    });
  }
  return { host: engineAddress(site.runtime), port: Number(binding.HostPort) };
}

const knownAs = (name: string, { NetworkSettings }: Inspection): string[] => [
  ...new Set(
    Object.values(NetworkSettings.Networks)
      .flatMap(({ Aliases, IPAddress, GlobalIPv6Address }) => [
        ...((Aliases as string[] | null | undefined) ?? []),
        IPAddress,
        GlobalIPv6Address,
      ])
      .concat(name)
      .filter((one) => one !== '')
      .map((one) => one.toLowerCase()),
  ),
];

async function stateOf(container: Container): Promise<ServiceState> {
  try {
    const { State, RestartCount } = await container.inspect();
    const running = State.Status === 'running' || State.Status === 'paused';
    const health = State.Health?.Status;
    return {
      status: State.Status as ServiceState['status'],
      pid: State.Pid || null,
      startedAt: State.StartedAt,
      exitCode: running ? null : State.ExitCode,
      oomKilled: State.OOMKilled,
      restarts: RestartCount,
      health: health === 'healthy' || health === 'unhealthy' || health === 'starting' ? health : null,
    };
  } catch (error) {
    if (statusOf(error) !== 404) throw error;
    return {
      status: 'missing',
      pid: null,
      startedAt: '',
      exitCode: null,
      oomKilled: false,
      restarts: 0,
      health: null,
    };
  }
}

async function logsOf(container: Container, lines: number): Promise<string> {
  const { Config } = await container.inspect();
  const bytes = await container.logs({ stdout: true, stderr: true, tail: lines, follow: false });
  // A container with a terminal has one plain stream; any other has frames.
  if (Config.Tty) return bytes.toString('utf8');
  const text: Buffer[] = [];
  frameParser((_, payload) => text.push(payload)).take(bytes);
  return Buffer.concat(text).toString('utf8');
}
