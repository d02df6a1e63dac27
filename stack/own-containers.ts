import { labels } from './owner.ts';
import { statusOf, type Docker } from './runtime.ts';

export const composeProject = 'com.docker.compose.project';

type Listed = Awaited<ReturnType<Docker['listContainers']>>[number];

/**
 * Whether a container has a name by a drill, as all that Compose makes of its project do, also while it makes
 * one anew: the new one has twelve digits of the ID of the old one before its name until that is gone.
 */
export const hasNameOf = (drill: string, names: readonly string[]): boolean =>
  names.some((name) => name.replace(/^\/?(?:[0-9a-f]{12}_)?/, '').startsWith(`muster-${drill}-`));

/** Labels that a container of an image has by that alone; null where the engine no longer has the image. */
async function labelsOfImage(docker: Docker, id: string): Promise<Record<string, string> | null> {
  try {
    return (await docker.getImage(id).inspect()).Config?.Labels ?? {};
  } catch (error) {
    if (statusOf(error) === 404) return null;
    throw error;
  }
}

/**
 * Containers with all of these labels, but for those that have them from their image alone: Compose built it
 * for a drill, or somebody made it of a drill's container, and whoever started this one from it has it. What
 * has a name by the drill or is on a network of it is the drill's whatever its image says, as a service's
 * container is that a script made anew from what it had committed. Running ones, or `all`.
 */
export async function containersWith(
  docker: Docker,
  label: readonly string[],
  { all = false } = {},
): Promise<Listed[]> {
  const found = await docker.listContainers({ all, filters: { label: [...label] } });
  const isNamed = ({ Labels, Names }: Listed): boolean => hasNameOf(drillOf(Labels), Names);
  if (found.every(isNamed)) return found;
  const isOn = await networksOfDrills(docker);
  const keys = [...label.map((one) => one.split('=', 1)[0]!), labels.drill, labels.owner, labels.role];
  const isOwn = await Promise.all(
    found.map(async (one) => isNamed(one) || isOn(one) || !(await isOfImageAlone(docker, one, keys))),
  );
  return found.filter((_, i) => isOwn[i]);
}

const drillOf = (own: Readonly<Record<string, string>>): string =>
  own[labels.drill] ?? /^muster-(.+)$/.exec(own[composeProject] ?? '')?.[1] ?? '';

/** Whether a container is on a network that bears the label of its drill. */
async function networksOfDrills(docker: Docker): Promise<(one: Listed) => boolean> {
  const networks = await docker.listNetworks({ filters: { label: [labels.drill] } });
  const drills = new Map(
    networks.flatMap(({ Id, Name, Labels }) => [Id, Name].map((key) => [key, Labels?.[labels.drill]])),
  );
  // One that was never started says the name of its network, and may say no ID.
  return ({ Labels: own, NetworkSettings }) =>
    own[labels.drill] !== undefined &&
    Object.entries(NetworkSettings?.Networks ?? {}).some(
      ([name, { NetworkID }]) => drills.get(NetworkID || name) === own[labels.drill],
    );
}

/**
 * Whether these labels are all its image's. Of one whose image is gone: whether it may be of one that Compose
 * built or that was made of a service's container: what Muster makes is a helper, or of no project at all.
 */
async function isOfImageAlone(
  docker: Docker,
  { ImageID, Labels: own }: Listed,
  keys: readonly string[],
): Promise<boolean> {
  const from = await labelsOfImage(docker, ImageID);
  return from === null
    ? own[labels.role] === undefined && own[composeProject] !== undefined
    : keys.every((key) => from[key] === own[key]);
}
