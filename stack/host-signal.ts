import type { Duplex } from 'node:stream';
import { finished } from 'node:stream/promises';
import { environmentError, messageOf } from '../core/errors.ts';
import { demultiplex } from './frames.ts';
import { makingContainer } from './being-made.ts';
import { overItsImage } from './over-image.ts';
import { labels } from './owner.ts';
import type { Container, Runtime } from './runtime.ts';

export interface SignalRequest {
  pid: number;
  container: string;
  signal: string;
  group?: boolean;
}

/** Sends signals from the engine host's PID namespace. */
export interface HostSignal {
  /** Starts what it needs; otherwise the first signal does. */
  prepare(): Promise<void>;
  /** Rejects when the process is not one of the container's, so that a reused PID is never hit. */
  send(request: SignalRequest): Promise<void>;
}

// Only what every shell has built in: an image may hold nothing else. $1 signal, $2 pid, $3 container id, $4
// target.
const script =
  'while read -r line; do case "$line" in *"$3"*) kill -s "$1" -- "$4"; exit $?;; esac; done < "/proc/$2/cgroup"; exit 44';

/**
 * One helper container with the host's PID namespace and no network, for all signals of a drill: a container
 * that is already running takes tens of milliseconds to act in, a new one half a second. Made from an image
 * that the stack uses anyway; images without a shell are passed over.
 */
export function createHostSignal(
  runtime: Runtime,
  images: readonly string[],
  drillLabels: Record<string, string>,
): HostSignal {
  let helper: Promise<Container> | null = null;
  const ready = (): Promise<Container> => {
    helper ??= startHelper(runtime, images, drillLabels).catch((error: unknown) => {
      helper = null;
      throw error;
    });
    return helper;
  };
  return {
    prepare: async () => void (await ready()),
    send: async ({ pid, container, signal, group }) => {
      const exec = await (await ready()).exec({
        Cmd: [
          'sh',
          '-c',
          script,
          'sh',
          signal.replace(/^SIG/, ''),
          String(pid),
          container,
          `${group ? '-' : ''}${pid}`,
        ],
        AttachStdout: true,
        AttachStderr: true,
      });
      const said = await collect(await exec.start({ hijack: true, stdin: false }));
      const { ExitCode } = await exec.inspect();
      if (ExitCode !== 0) {
        throw environmentError(
          `${signal} could not be sent to process ${pid} of container ${container.slice(0, 12)}`,
          {
            found:
              ExitCode === 44
                ? 'that process belongs to something else'
                : said.trim() || `exit code ${ExitCode}`,
          },
        );
      }
    },
  };
}

async function startHelper(
  runtime: Runtime,
  images: readonly string[],
  drillLabels: Record<string, string>,
): Promise<Container> {
  const refusals: string[] = [];
  for (const image of new Set(images)) {
    const settings = {
      Image: image,
      User: '0',
      Entrypoint: ['sh', '-c'],
      Cmd: ['while :; do sleep 3600; done'],
      Healthcheck: { Test: ['NONE'] },
      Labels: { ...drillLabels, [labels.role]: 'helper' },
      HostConfig: { PidMode: 'host', UsernsMode: 'host', NetworkMode: 'none', Init: false },
    };
    const container = await makingContainer(drillLabels, async () =>
      runtime.container.create(await overItsImage(runtime, settings)),
    );
    try {
      await runtime.container.start(container);
      return container;
    } catch (error) {
      refusals.push(`${image}: ${messageOf(error)}`);
      await container.remove({ force: true, v: true });
    }
  }
  throw environmentError('signals cannot be sent from the host', {
    found: refusals.join('; '),
    expected: "an image of the stack with a shell, on an engine that allows the host's PID namespace",
  });
}

/** Everything that a short command printed on both outputs. */
async function collect(socket: Duplex): Promise<string> {
  const chunks: Buffer[] = [];
  await finished(demultiplex(socket, (_, payload) => chunks.push(payload)).resume());
  return Buffer.concat(chunks).toString('utf8');
}
