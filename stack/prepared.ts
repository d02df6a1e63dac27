import { createHash } from 'node:crypto';
import type { PreparedFolder } from '../core/service.ts';
import { preparedLabels } from './owner.ts';
import { idOf } from './own-image.ts';
import { imagesWith, statusOf, type Runtime } from './runtime.ts';
import type { DrillSite } from './drill-site.ts';

/**
 * Folders that outlive a drill, each in an image: no volume stays behind, and a helper that runs from it has
 * the folder in a layer of its own, without another container.
 */
export const preparedHome = '/muster-prepared';
export const preparedPath = `${preparedHome}/folder`;

const repository = 'muster/prepared';

/** One name for each image that a folder is made for, and for each key. */
export const preparedTag = (image: string, key: string): string =>
  `${repository}:${createHash('sha256').update(`${image}\n${key}`).digest('hex').slice(0, 24)}`;

/** `image`: its ID, which no other one can take. */
export interface Prepared {
  image: string;
  folder: PreparedFolder;
  /** For when the helper that had it is gone: what was discarded goes as well. */
  over(): Promise<void>;
}

/**
 * Image and folder of a key; null where nothing is kept, or may be taken. The name is given by the engine
 * once all of it is there, so that half of one has none.
 */
export async function findPrepared(
  { runtime, snapshots }: Pick<DrillSite, 'runtime' | 'snapshots'>,
  image: string,
  key: string,
): Promise<Prepared | null> {
  if (snapshots === false) return null;
  try {
    const found = await runtime.container.dockerode.getImage(preparedTag(image, key)).inspect();
    const marks: Record<string, string> = found.Config.Labels ?? {};
    if (marks[preparedLabels.key] !== key || marks[preparedLabels.of] !== image) return null;
    return discardable(runtime, preparedTag(image, key), found.Id, factsIn(marks[preparedLabels.facts]));
  } catch (error) {
    if (statusOf(error) === 404) return null;
    throw error;
  }
}

function discardable(
  runtime: Runtime,
  name: string,
  image: string,
  facts: PreparedFolder['facts'],
): Prepared {
  const { dockerode } = runtime.container;
  const remove = async (what: string, force: boolean): Promise<void> => {
    try {
      await dockerode.getImage(what).remove({ force, noprune: true });
    } catch (error) {
      // 404: gone already. 409: somebody uses it, and `muster gc` finds it.
      if (statusOf(error) !== 404 && statusOf(error) !== 409) throw error;
    }
  };
  let isDiscarded = false;
  return {
    image,
    folder: {
      path: preparedPath,
      facts,
      discard: async () => {
        const named = await dockerode.getImage(name).inspect();
        if (named.Id !== image) return false;
        isDiscarded = true;
        // By force, because a helper runs from it: the name goes, and the image when nobody does.
        await remove(name, true);
        return (await idOf(runtime, name)) !== image;
      },
    },
    over: async () => {
      if (isDiscarded) await remove(image, false).catch(() => undefined);
    },
  };
}

function factsIn(text: string | undefined): Record<string, string> {
  try {
    return JSON.parse(text ?? '{}') as Record<string, string>;
  } catch {
    return {};
  }
}

/**
 * Removes images that keep a folder: all of them, or those whose labels are due. One that a helper runs from
 * stays. Gives their names.
 */
export async function removePrepared(
  runtime: Runtime,
  isDue: (marks: Readonly<Record<string, string>>) => Promise<boolean> = async () => true,
): Promise<string[]> {
  const docker = runtime.container.dockerode;
  const removed: string[] = [];
  const seen = new Set<string>();
  // Again, because what an image was built on is listed once that image is gone.
  for (;;) {
    const listed = await imagesWith(docker, [preparedLabels.key]);
    const due = listed.filter(({ Id }) => !seen.has(Id));
    if (due.length === 0) return removed;
    for (const { Id, RepoTags, Labels } of due) {
      seen.add(Id);
      if (!(await isDue(Labels))) continue;
      try {
        await docker.getImage(Id).remove({ noprune: true });
        removed.push(RepoTags?.[0] ?? Id);
      } catch (error) {
        // 404: gone already. 409: somebody uses it.
        if (statusOf(error) !== 404 && statusOf(error) !== 409) throw error;
      }
    }
  }
}
