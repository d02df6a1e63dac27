import { posix } from 'node:path';
import { environmentError } from '../core/errors.ts';
import { assertOwnNamespace } from './own-namespace.ts';
import { labels } from './owner.ts';
import { statusOf, type Container, type Inspection } from './runtime.ts';
import type { DrillSite } from './drill-site.ts';
import { volumeKind } from './volume-options.ts';

type Mount = Inspection['Mounts'][number];

const isBelow = (path: string, folder: string): boolean =>
  folder === '/' || path === folder || path.startsWith(`${folder}/`);

/**
 * The mount that a path of the container lies on: the deepest one above it. Null: the container's own layer.
 */
export function mountOf(found: Pick<Inspection, 'Mounts'>, path: string): Mount | null {
  const above = found.Mounts.filter(({ Destination }) => isBelow(path, Destination));
  return above.toSorted((a, b) => b.Destination.length - a.Destination.length)[0] ?? null;
}

const sharedMemory = '/dev/shm';

/**
 * Rejects with an environment error unless the path, and every mount below it, is the drill's own: its
 * container's layer, a tmpfs, or a volume that carries the drill's label and lies on the engine's own disk.
 * Asked before every destructive call, about the thing that is acted on (DESIGN §8.3): a container of the
 * drill may still have a folder of the host in it.
 */
export async function assertOwnPath(
  site: DrillSite,
  name: string,
  found: Inspection,
  path: string,
): Promise<void> {
  const normal = path.length > 1 ? path.replace(/\/+$/, '') : path;
  const refused = (what: string): never => {
    throw environmentError(`refusing to touch ${normal} of ${name}: it is not this drill's`, {
      found: what,
      expected: `a volume with ${labels.drill}=${site.drill}`,
    });
  };
  if (!normal.startsWith('/') || normal.split('/').includes('..')) refused('a path that is not absolute');
  const at = mountOf(found, normal);
  const touched = [
    ...(at ? [at] : []),
    ...found.Mounts.filter((mount) => mount !== at && isBelow(mount.Destination, normal)),
  ];
  // The engine mounts it by itself, and names it nowhere.
  if (isBelow(normal, sharedMemory) || isBelow(sharedMemory, normal))
    await assertOwnNamespace(site, name, 'ipc', found);
  for (const mount of touched) {
    if (mount.Type === 'volume') await assertOwnVolume(site, name, mount.Name!);
    else if (mount.Type !== 'tmpfs' && !(await isCopy(site, mount)))
      refused(`${mount.Type} of ${mount.Source} at ${mount.Destination}`);
  }
}

/** A single file that was copied for the drill lies in a volume of its own (host-volumes.ts). */
export async function isCopy(site: DrillSite, { Type, Source }: Mount): Promise<boolean> {
  if (Type !== 'bind') return false;
  const filters = { label: Object.entries(site.labels).map(([key, value]) => `${key}=${value}`) };
  const { Volumes } = await site.runtime.container.dockerode.listVolumes({ filters });
  return Volumes.some(({ Mountpoint }) => Source !== Mountpoint && isBelow(Source, Mountpoint));
}

/** Links are followed no further. */
const linksMax = 40;

/**
 * The path once the links of the container on the way to it are followed, as the engine sees them, running or
 * not. Of what is not there the rest stays as it is.
 */
export async function followedPath(container: Container, path: string): Promise<string> {
  const left = path.split('/').filter((part) => part !== '' && part !== '.');
  if (await goesStraight(container, left)) return `/${left.join('/')}`;
  let at = '/';
  for (let links = 0; left.length > 0; ) {
    const part = left.shift()!;
    const next = part === '..' ? posix.dirname(at) : posix.join(at, part);
    const link = await linkAt(container, next);
    if (link === null) {
      at = next;
      continue;
    }
    links += 1;
    if (links > linksMax) throw environmentError(`${path} goes in circles`, { found: next });
    left.unshift(
      ...posix
        .resolve(at, link)
        .split('/')
        .filter((each) => each !== ''),
    );
    at = '/';
  }
  return at;
}

/** Whether anything is at that path of the container, running or not. */
export const isThere = (container: Container, path: string): Promise<boolean> =>
  container.infoArchive({ path }).then(
    () => true,
    (error: unknown) => {
      if (statusOf(error) === 404) return false;
      throw error;
    },
  );

/** All of the way at once: as a rule there is no link on it, and the engine takes its time for each look. */
async function goesStraight(container: Container, parts: readonly string[]): Promise<boolean> {
  if (parts.includes('..')) return false;
  const links = await Promise.all(
    parts.map((_, last) => linkAt(container, `/${parts.slice(0, last + 1).join('/')}`)),
  );
  return links.every((link) => link === null);
}

/**
 * Where a link leads; null for what is none, or is not there. Header: see the engine's `HEAD
 * /containers/{id}/archive`.
 */
async function linkAt(container: Container, path: string): Promise<string | null> {
  try {
    const { headers } = (await container.infoArchive({ path })) as unknown as {
      headers: Record<string, string>;
    };
    const stat = JSON.parse(
      Buffer.from(headers['x-docker-container-path-stat'] ?? '', 'base64').toString('utf8'),
    ) as { linkTarget?: string };
    return stat.linkTarget ? stat.linkTarget : null;
  } catch (error) {
    if (statusOf(error) === 404) return null;
    throw error;
  }
}

/**
 * Compose labels the volumes of the drill; an image's anonymous ones have the engine's own 64-digit names and
 * belong to one container.
 */
export async function assertOwnVolume(site: DrillSite, name: string, volume: string): Promise<void> {
  const found = await site.runtime.container.dockerode.getVolume(volume).inspect();
  const options = (found.Options ?? {}) as Record<string, string>;
  const kind = volumeKind(options);
  // A labelled volume may still be a folder of the host, or of another machine.
  if (kind === 'folder' || kind === 'other') {
    throw environmentError(`refusing to touch volume ${volume} of ${name}: it is a folder elsewhere`, {
      found: `type ${options['type'] ?? 'none'}, device ${options['device'] ?? 'none'}, o ${options['o'] ?? 'none'}`,
      expected: "a volume on the engine's own disk",
    });
  }
  if (/^[0-9a-f]{64}$/.test(volume)) return;
  if (found.Labels?.[labels.drill] === site.drill) return;
  throw environmentError(`refusing to touch volume ${volume} of ${name}: it is not this drill's`, {
    found: `${labels.drill}=${found.Labels?.[labels.drill] ?? '(none)'}`,
    expected: `${labels.drill}=${site.drill}`,
  });
}
