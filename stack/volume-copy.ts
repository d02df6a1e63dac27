import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { environmentError, messageOf, MusterError } from '../core/errors.ts';
import { formatBytes } from '../core/units.ts';
import { makingContainer } from './being-made.ts';
import { copyLimitBytes } from './containment.ts';
import type { HostMount } from './mounts.ts';
import { statusOf, type Container, type Runtime } from './runtime.ts';

/** Where a container that is never started has the volume that is filled. */
export const inContainer = '/muster';
const from = '/muster-from';
const told = 32 * 1024 ** 2;

interface Copying {
  runtime: Runtime;
  labels: Record<string, string>;
  progress(line: string): void;
  signal?: AbortSignal | undefined;
}

/**
 * Copies a volume of somebody else's into one of the drill's own, byte by byte, owners and modes too. Nothing
 * is run: the engine reads the one, mounted read-only by a container that is never started, and writes the
 * other. Environment error where it is not there, or larger than what a drill copies.
 */
export async function copyVolume(
  copying: Copying,
  image: string,
  { name, volume: theirs = name }: Pick<HostMount, 'name' | 'volume'>,
  own: string,
): Promise<void> {
  await assertThere(copying, name, theirs);
  const source = await never(copying, image, {
    // Its own image has nothing there that an empty volume would be filled with.
    Mounts: [
      { Type: 'volume', Source: theirs, Target: from, ReadOnly: true, VolumeOptions: { NoCopy: true } },
    ],
  });
  let sink: Container | null = null;
  try {
    sink = await never(copying, image, { Binds: [`${own}:${inContainer}`] });
    copying.progress(`copying volume ${theirs}`);
    const content = await source.getArchive({ path: `${from}/.` });
    const counted = counting(copying, name, theirs);
    const sending = sink.putArchive(counted, { path: inContainer });
    // Who no longer takes it ends it; what ends before it was all sent goes with the container.
    sending.catch((error: unknown) => counted.destroy(error as Error));
    await pipeline(content, counted, copying.signal ? { signal: copying.signal } : {});
    await sending;
  } catch (error) {
    if (error instanceof MusterError) throw error;
    throw environmentError(`volume ${theirs} cannot be copied for the drill`, {
      found: messageOf(error),
      hint: emptyInstead(name),
      cause: error,
    });
  } finally {
    for (const one of [source, sink]) await one?.remove({ force: true, v: false });
  }
}

const emptyInstead = (name: string): string => `mounts: { ${JSON.stringify(name)}: empty } in the strategy`;

/** One that is not there would be made by whoever mounts it. */
async function assertThere({ runtime }: Copying, name: string, theirs: string): Promise<void> {
  await runtime.container.dockerode
    .getVolume(theirs)
    .inspect()
    .catch((error: unknown) => {
      if (statusOf(error) !== 404) throw error;
      throw environmentError(`the external volume ${theirs} is not there, and cannot be copied`, {
        expected: 'a volume that the engine has',
        hint: emptyInstead(name),
        cause: error,
      });
    });
}

/** A container that only has something mounted. */
const never = ({ runtime, labels }: Copying, image: string, host: object): Promise<Container> =>
  makingContainer(labels, () =>
    runtime.container.dockerode.createContainer({
      Image: image,
      Cmd: ['none'],
      Labels: labels,
      HostConfig: { NetworkMode: 'none', ...host },
    }),
  );

/** Passes on no more than a drill copies, and tells how far it is. */
function counting({ progress }: Copying, name: string, theirs: string): Transform {
  let bytes = 0;
  let said = 0;
  return new Transform({
    highWaterMark: 1024 * 1024,
    transform: (chunk: Buffer, _encoding, done) => {
      bytes += chunk.length;
      if (bytes > copyLimitBytes)
        return done(
          environmentError(`volume ${theirs} is too large to be copied for a drill`, {
            found: `more than ${formatBytes(copyLimitBytes)}`,
            expected: `at most ${formatBytes(copyLimitBytes)}`,
            hint: `${emptyInstead(name)}, or a smaller one in a compose file for drills`,
          }),
        );
      if (bytes - said >= told) {
        said = bytes;
        progress(`copying volume ${theirs}: ${formatBytes(bytes)}`);
      }
      done(null, chunk);
    },
  });
}
