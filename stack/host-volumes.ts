import { createReadStream } from 'node:fs';
import { lstat, readdir, readlink } from 'node:fs/promises';
import { join, posix } from 'node:path';
import { finished } from 'node:stream/promises';
import { pack, type Pack } from 'tar-stream';
import { environmentError, messageOf, MusterError } from '../core/errors.ts';
import { formatBytes } from '../core/units.ts';
import { makingContainer } from './being-made.ts';
import { copyLimitBytes } from './containment.ts';
import type { HostMount } from './mounts.ts';
import { copyVolume, inContainer } from './volume-copy.ts';
import { removeImage } from './own-image.ts';
import { asImageLabels } from './owner.ts';
import { followed, type Runtime } from './runtime.ts';

/**
 * A volume of the drill's own in the place of something of the host. `path`: of a single file, where the
 * engine keeps it.
 */
export interface HostVolume {
  mount: HostMount;
  key: string;
  volume: string;
  path: string | null;
  filled: boolean;
}

interface Making {
  runtime: Runtime;
  project: string;
  drill: string;
  labels: Record<string, string>;
  progress(line: string): void;
  signal?: AbortSignal | undefined;
}

const told = 32 * 1024 ** 2;

/**
 * Makes and fills the volumes that stand for what is replaced. Owners and modes are those of the originals.
 */
export async function makeHostVolumes(making: Making, mounts: readonly HostMount[]): Promise<HostVolume[]> {
  const replaced = mounts.filter(({ deal }) => deal === 'empty' || deal === 'copy');
  if (replaced.length === 0) return [];
  const image = await emptyImage(making);
  const made: HostVolume[] = [];
  for (const [i, mount] of replaced.entries()) {
    making.signal?.throwIfAborted();
    made.push(await madeOf(making, image, mount, `muster-host-${i}`));
  }
  await removeImage(making.runtime, image);
  return made;
}

async function madeOf(making: Making, image: string, mount: HostMount, key: string): Promise<HostVolume> {
  const docker = making.runtime.container.dockerode;
  const volume = `${making.project}_${key}`;
  await docker.createVolume({
    Name: volume,
    Labels: {
      ...making.labels,
      'com.docker.compose.project': making.project,
      'com.docker.compose.volume': key,
    },
  });
  const isCopied = mount.kind === 'volume' && mount.deal === 'copy';
  const isThere = isCopied || (mount.path !== null && mount.kind !== 'missing');
  if (isCopied) await copyVolume(making, image, mount, volume);
  else if (isThere) await filled(making, image, mount, volume);
  const { Mountpoint } = await docker.getVolume(volume).inspect();
  const path = mount.kind === 'file' ? posix.join(Mountpoint, 'file') : null;
  return { mount, key, volume, path, filled: isThere };
}

/** Nothing in it and never started: only its volume is written to, by the engine. */
async function emptyImage({ runtime, drill, labels }: Making): Promise<string> {
  const docker = runtime.container.dockerode;
  const nothing = pack();
  nothing.entry({ name: inContainer.slice(1), type: 'directory', mode: 0o755 });
  nothing.finalize();
  const repo = 'muster-drill/empty';
  const changes = Object.entries(asImageLabels(labels)).map(
    ([name, value]) => `LABEL ${JSON.stringify(name)}=${JSON.stringify(value)}`,
  );
  const options = { repo, tag: drill, changes };
  await followed(
    docker,
    (await docker.importImage(
      nothing as unknown as NodeJS.ReadableStream,
      options,
    )) as unknown as NodeJS.ReadableStream,
  );
  return `${repo}:${drill}`;
}

async function filled(making: Making, image: string, mount: HostMount, volume: string): Promise<void> {
  const { runtime, labels } = making;
  const settings = {
    Image: image,
    Cmd: ['none'],
    Labels: labels,
    HostConfig: { Binds: [`${volume}:${inContainer}`] },
  };
  const docker = runtime.container.dockerode;
  const container = await makingContainer(labels, () => docker.createContainer(settings));
  const archive = pack();
  try {
    const sending = container.putArchive(archive as unknown as NodeJS.ReadableStream, { path: inContainer });
    const packing = packed(making, archive, mount).catch((error: unknown) => {
      archive.destroy(error as Error);
      throw error;
    });
    const [outcome, sent] = await Promise.allSettled([packing, sending]);
    if (outcome.status === 'rejected') throw outcome.reason;
    if (sent.status === 'rejected') throw sent.reason;
  } catch (error) {
    if (error instanceof MusterError) throw error;
    throw environmentError(`${mount.name} cannot be copied for the drill`, {
      found: messageOf(error),
      expected: 'files that this user may read',
      hint: `mounts: { ${JSON.stringify(mount.name)}: empty } in the strategy`,
      cause: error,
    });
  } finally {
    await container.remove({ force: true, v: false });
  }
}

/**
 * The folder itself with its owner and mode; of a copy everything below as well. Links stay links; sockets
 * and pipes are left out.
 */
async function packed(making: Making, archive: Pack, { name, path, kind, deal }: HostMount): Promise<void> {
  let bytes = 0;
  let said = 0;
  const count = (size: number): void => {
    bytes += size;
    if (bytes > copyLimitBytes)
      throw environmentError(`${name} is too large to be copied for a drill`, {
        found: `more than ${formatBytes(copyLimitBytes)}`,
      });
    if (bytes - said < told) return;
    said = bytes;
    making.progress(`copying ${name}: ${formatBytes(bytes)}`);
  };
  const add = async (from: string, as: string): Promise<void> => {
    making.signal?.throwIfAborted();
    const found = await lstat(from);
    const { uid, gid, mode, mtime, size } = found;
    const header = { name: as, uid, gid, mode: mode & 0o7777, mtime };
    if (found.isSymbolicLink()) archive.entry({ ...header, type: 'symlink', linkname: await readlink(from) });
    else if (found.isFile()) {
      count(size);
      await fileInto(archive, { ...header, size }, from);
    } else if (found.isDirectory()) {
      archive.entry({ ...header, type: 'directory' });
      if (deal === 'copy')
        for (const entry of (await readdir(from)).sort()) await add(join(from, entry), `${as}/${entry}`);
    }
  };
  if (deal === 'copy') making.progress(`copying ${name}`);
  if (kind === 'file') {
    if (deal === 'copy') await add(path!, 'file');
    else archive.entry({ name: 'file', mode: 0o644 }, '');
  } else await add(path!, '.');
  archive.finalize();
}

async function fileInto(archive: Pack, header: { name: string; size: number }, from: string): Promise<void> {
  const entry = archive.entry({ ...header, type: 'file' });
  if (header.size === 0) return void entry.end(Buffer.alloc(0));
  // What grows meanwhile is cut where it was; what shrinks is an error of the archive.
  createReadStream(from, { end: header.size - 1 })
    .on('error', (error) => entry.destroy(error))
    .pipe(entry);
  await finished(entry);
}
