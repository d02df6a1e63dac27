import type { ContainerRuntimeClient } from 'testcontainers';
import { systemClock } from '../core/clock.ts';
import { environmentError, messageOf, MusterError } from '../core/errors.ts';
import { ingress } from './moved-shape.ts';

export type Runtime = ContainerRuntimeClient;
export type Docker = Runtime['container']['dockerode'];
export type Container = ReturnType<Docker['getContainer']>;
export type Inspection = Awaited<ReturnType<Container['inspect']>>;

/** The container engine, through testcontainers. An engine that does not answer is an environment error. */
export async function getRuntime(): Promise<Runtime> {
  const named = process.env['DOCKER_HOST'];
  // Inside a container testcontainers would look for the engine's address, if need be by pulling and running
  // an image of its own. Addresses here do not come from it (engineAddress).
  process.env['TESTCONTAINERS_HOST_OVERRIDE'] ??= '127.0.0.1';
  // Half a second of loading, which nobody waits for who needs no engine.
  const { getContainerRuntimeClient } = await import('testcontainers');
  try {
    const runtime = await getContainerRuntimeClient();
    // testcontainers goes on to the local socket when DOCKER_HOST does not answer: a drill on an engine that
    // nobody named.
    if (named && dockerHost(runtime).replace(/\/$/, '') !== named.replace(/\/$/, '')) throw noEngine(named);
    return runtime;
  } catch (error) {
    throw error instanceof MusterError ? error : noEngine(named, error);
  }
}

const noEngine = (named: string | undefined, cause?: unknown): MusterError =>
  environmentError('no container engine answers', {
    found: `nothing behind ${named ? `DOCKER_HOST=${named}` : '/var/run/docker.sock'}`,
    expected: 'a Docker engine that this user may use',
    hint: named
      ? 'start that engine, or unset DOCKER_HOST to use the one of this machine'
      : '`muster doctor` says what is missing; `muster doctor --prepare` installs and starts it on Debian',
    cause,
  });

interface Modem {
  socketPath?: string;
  host?: string;
  port?: number | string;
}
const modemOf = (runtime: Runtime): Modem => runtime.container.dockerode.modem as unknown as Modem;

/**
 * The engine as DOCKER_HOST names it, so that the docker client of Compose talks with the same one whatever
 * its context says.
 */
export function dockerHost(runtime: Runtime): string {
  const { socketPath, host, port } = modemOf(runtime);
  return socketPath === undefined ? `tcp://${host}:${port}` : `unix://${socketPath}`;
}

/** Whether the engine runs on this machine, so that its loopback and its processes are ours. */
export const engineIsLocal = (runtime: Runtime): boolean => modemOf(runtime).socketPath !== undefined;

/** Where ports that the engine publishes are reached from here. */
export const engineAddress = (runtime: Runtime): string =>
  engineIsLocal(runtime) ? '127.0.0.1' : modemOf(runtime).host!;

/**
 * The HTTP status of an engine's refusal, or null for any other error. 404: it is not there. 409: it is in
 * the wrong state.
 */
export const statusOf = (error: unknown): number | null =>
  (error as { statusCode?: number }).statusCode ?? null;

/** Between two looks, and how often: an image that goes is gone in moments. */
const goingMs = 100;
const goingLooks = 20;

/**
 * Images with all of these labels. An engine that lists them while one of them is being removed gives an
 * error 500 (`unrecognized image ID`): it is asked again.
 */
export async function imagesWith(docker: Docker, label: string[]): ReturnType<Docker['listImages']> {
  for (let looks = 1; ; looks += 1) {
    try {
      return await docker.listImages({ filters: JSON.stringify({ label }) });
    } catch (error) {
      if (statusOf(error) !== 500 || looks === goingLooks || !/image/i.test(messageOf(error))) throw error;
      await systemClock.sleep(goingMs);
    }
  }
}

export interface EngineEvent {
  id?: string;
  status?: string;
  stream?: string;
  error?: string;
  aux?: { Digest?: string };
}

/**
 * Reads the engine's progress of a build, pull, push or import to its end. What goes wrong after the answer
 * has begun is an event among the others, which dockerode's own followProgress lets pass as success: here it
 * rejects.
 */
export async function followed(
  docker: Docker,
  stream: NodeJS.ReadableStream,
  heard: (event: EngineEvent) => void = () => undefined,
): Promise<void> {
  let failure: string | null = null;
  await new Promise<void>((resolve, reject) => {
    docker.modem.followProgress(
      stream,
      (error: Error | null) => (error ? reject(error) : resolve()),
      (event: EngineEvent) => {
        failure ??= event.error ?? null;
        heard(event);
      },
    );
  });
  if (failure !== null) throw new Error(failure);
}

/** A network that the compose file has the container on, rather than the one that Muster reaches it by. */
export function ownNetworkOf({ NetworkSettings }: Inspection): string | undefined {
  const names = Object.keys(NetworkSettings.Networks);
  return names.find((name) => !name.endsWith(`_${ingress}`)) ?? names[0];
}
