import type { ContainerCreateOptions, MountSettings } from 'dockerode';
import { environmentError, messageOf, MusterError } from '../core/errors.ts';
import type { Helper, HelperOptions, Shell } from '../core/service.ts';
import { makingContainer } from './being-made.ts';
import { findPrepared, type Prepared } from './prepared.ts';
import { overItsImage } from './over-image.ts';
import { assertOwnVolume, isCopy } from './own-path.ts';
import { labels } from './owner.ts';
import { ownNetworkOf, statusOf, type Container, type Inspection } from './runtime.ts';
import { containerShell } from './shell.ts';
import type { DrillSite } from './drill-site.ts';

/**
 * A container of the service's own image whose only process waits. With `volumes` it has the service's
 * volumes at the service's paths, and of a volume only the folder that the service has; a volume that is not
 * the drill's own is refused. Environment error when the image has no shell, or the engine would mount more
 * than that folder.
 */
export async function createHelper(
  site: DrillSite,
  name: string,
  service: Inspection,
  options: HelperOptions,
): Promise<Helper & { readonly container: Container }> {
  const volumes = options.volumes ? service.Mounts.filter((mount) => mount.Type === 'volume') : [];
  for (const volume of volumes) await assertOwnVolume(site, name, volume.Name!);
  if (options.volumes || options.like) await assertNothingElse(site, name, service);
  const folders = foldersOf(service);
  const whole = volumes.filter(({ Destination }) => !folders.has(Destination));
  const network = ownNetworkOf(service) ?? 'none';
  const made = {
    User: options.user ?? '0',
    Entrypoint: ['sh', '-c'],
    Cmd: ['while :; do sleep 3600; done'],
    WorkingDir: '/',
    Healthcheck: { Test: ['NONE'] },
    Labels: { ...site.labels, [labels.role]: 'helper' },
    HostConfig: {
      NetworkMode: options.network === 'stack' ? network : 'none',
      // An init process reaps what commands leave behind; the one that waits would not.
      Init: true,
      Binds: [
        ...whole.map((volume) => `${volume.Name}:${volume.Destination}${volume.RW ? '' : ':ro'}`),
        ...(options.like === 'service' ? bindsOf(service) : []),
      ],
      Mounts: volumes.flatMap((volume) => partOf(volume, folders.get(volume.Destination))),
      ...(options.like === 'service' ? heldLike(service) : {}),
    },
    ...(options.like === 'service' ? likeService(service, options) : {}),
  };
  const begun = (image: string): Promise<Container> => begin(site, name, { ...made, Image: image }, folders);
  const { container, kept, missed } = await beginFromKept(site, name, service.Image, options.from, begun);
  const remove = async (): Promise<void> => {
    await removeHelper(container);
    await kept?.over();
  };
  return { ...shellOf(site, name, container), container, kept: kept?.folder ?? null, missed, remove };
}

/** What a command of the service itself would find there. */
const likeService = (
  { Config }: Inspection,
  { user }: HelperOptions,
): Pick<ContainerCreateOptions, 'User' | 'Env' | 'WorkingDir'> => ({
  User: user ?? Config.User,
  Env: Config.Env,
  WorkingDir: Config.WorkingDir || '/',
});

/** What keeps the service from doing things: what it could not do, nothing that is made like it may. */
function heldLike({ HostConfig }: Inspection): ContainerCreateOptions['HostConfig'] {
  const { ReadonlyRootfs, Tmpfs, CapAdd, CapDrop, SecurityOpt, GroupAdd, ShmSize, Ulimits } = HostConfig;
  return {
    ReadonlyRootfs,
    CapAdd,
    CapDrop,
    SecurityOpt,
    GroupAdd,
    ...(Tmpfs ? { Tmpfs } : {}),
    ...(ShmSize ? { ShmSize } : {}),
    ...(Ulimits ? { Ulimits } : {}),
  };
}

/** Folders and files of the host, which the service can only read, and copies that are the drill's own. */
const bindsOf = ({ Mounts }: Inspection): string[] =>
  Mounts.filter(({ Type }) => Type === 'bind').map(
    ({ Source, Destination, RW }) => `${Source}:${Destination}${RW ? '' : ':ro'}`,
  );

const shellOf = (site: DrillSite, name: string, container: Container): Shell =>
  containerShell({ ...site, container, name: `the helper of ${name}` });

interface Begun {
  container: Container;
  kept: Prepared | null;
  missed: string | null;
}

/**
 * From the image that keeps the folder of that key, or else from the service's own: what is kept only saves
 * time, and may be gone or broken at any moment. What only the kept one cannot do is its own fault.
 */
async function beginFromKept(
  site: DrillSite,
  name: string,
  image: string,
  key: string | undefined,
  begun: (image: string) => Promise<Container>,
): Promise<Begun> {
  let [kept, missed]: [Prepared | null, string | null] = [null, null];
  try {
    kept = key === undefined ? null : await findPrepared(site, image, key);
    if (kept) return { container: await withShell(site, name, await begun(kept.image)), kept, missed };
  } catch (error) {
    missed = messageOf(error);
  }
  const container = await begun(image);
  if (kept && (await kept.folder.discard().catch(() => false))) missed += discarded;
  return { container, kept: null, missed };
}

/** What is said of what is kept after why it was not taken. */
const discarded = '. It is removed, and a later drill keeps another';

const shellMs = 30_000;
/** Its init process starts whatever becomes of the shell. */
async function withShell(site: DrillSite, name: string, container: Container): Promise<Container> {
  try {
    const { code, stderr } = await shellOf(site, name, container).exec(['sh', '-c', ':'], {
      deadlineMs: shellMs,
    });
    if (code === 0) return container;
    throw new Error(stderr.trim() || `code ${code}`);
  } catch (error) {
    await removeHelper(container);
    throw environmentError(`no helper can be started beside ${name}: nothing can be run in it`, {
      found: messageOf(error),
      cause: error,
    });
  }
}

/** A container that is made like this, and runs; nothing is left of one that does not. */
async function begin(
  site: DrillSite,
  name: string,
  made: ContainerCreateOptions,
  folders: ReadonlyMap<string, string>,
): Promise<Container> {
  const { runtime } = site;
  const container = await makingContainer(site.labels, async () =>
    runtime.container.create(await overItsImage(runtime, made)),
  );
  try {
    await assertParts(container, name, folders);
    await site.runtime.container.start(container);
    return container;
  } catch (error) {
    await removeHelper(container);
    if (error instanceof MusterError) throw error;
    throw environmentError(`no helper can be started beside ${name}`, {
      found: messageOf(error),
      expected: 'an image with a shell',
      cause: error,
    });
  }
}

async function removeHelper(container: Container): Promise<void> {
  await container.remove({ force: true, v: true }).catch((error: unknown) => {
    if (statusOf(error) !== 404 && statusOf(error) !== 409) throw error;
  });
}

/** Mounts of a folder of a volume alone (`subpath` in the compose file), by the path in the container. */
const foldersOf = ({ HostConfig }: Pick<Inspection, 'HostConfig'>): Map<string, string> =>
  new Map(
    (HostConfig.Mounts ?? []).flatMap((mount) => {
      const { Subpath } = (mount.VolumeOptions ?? {}) as { Subpath?: string };
      return Subpath ? [[mount.Target, Subpath] as const] : [];
    }),
  );

function partOf(
  { Name, Destination, RW }: Inspection['Mounts'][number],
  folder: string | undefined,
): MountSettings[] {
  if (folder === undefined) return [];
  return [
    {
      Type: 'volume',
      Source: Name!,
      Target: Destination,
      ReadOnly: !RW,
      VolumeOptions: { NoCopy: true, Subpath: folder } as never,
    },
  ];
}

/**
 * An engine before API 1.45 takes a subpath without a word, and mounts the whole volume. Asked before the
 * container is started.
 */
async function assertParts(
  container: Container,
  name: string,
  folders: ReadonlyMap<string, string>,
): Promise<void> {
  if (folders.size === 0) return;
  const taken = foldersOf(await container.inspect());
  for (const [path, folder] of folders) {
    if (taken.get(path) === folder) continue;
    throw environmentError(`no helper can stand in for ${name}: the engine would give it a whole volume`, {
      found: `${path}, which is the folder ${folder} of a volume`,
      expected: 'an engine that mounts a folder of a volume (API 1.45)',
      hint: 'give the service a volume of its own',
    });
  }
}

/**
 * A helper has the service's volumes only: what the service keeps in a folder of the host it would look for
 * in its own layer.
 */
async function assertNothingElse(site: DrillSite, name: string, { Mounts }: Inspection): Promise<void> {
  for (const mount of Mounts) {
    if (mount.Type !== 'bind' || !mount.RW || (await isCopy(site, mount))) continue;
    throw environmentError(
      `no helper can stand in for ${name}: it has a folder of the host that is not this drill's`,
      {
        found: `${mount.Source} at ${mount.Destination}, writable`,
        expected: 'volumes of this drill only',
      },
    );
  }
}
