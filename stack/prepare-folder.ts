import { environmentError, messageOf } from '../core/errors.ts';
import type { FolderRecipe, Shell } from '../core/service.ts';
import { systemClock } from '../core/clock.ts';
import { withDeadline } from '../core/deadline.ts';
import { createHelper } from './helper.ts';
import { findPrepared, preparedHome, preparedPath, preparedTag, removePrepared } from './prepared.ts';
import { imageLabels, preparedLabels } from './owner.ts';
import { followed, statusOf, type Container, type Inspection, type Runtime } from './runtime.ts';
import type { DrillSite } from './drill-site.ts';

/**
 * Makes the image that keeps a folder, where there is none yet. Two drills may do so at once: both images are
 * whole, and the later one takes the name. An image of the drill's own goes with the drill, and could not
 * while another one stands on it: for such a service nothing is kept.
 */
export async function prepareFolder(
  site: DrillSite,
  name: string,
  service: Inspection,
  recipe: FolderRecipe,
): Promise<boolean> {
  if (site.snapshots === false) return false;
  const { runtime } = site;
  const base = await runtime.container.dockerode.getImage(service.Image).inspect();
  if (base.Config.Labels?.[imageLabels.drill] !== undefined) return false;
  if (await findPrepared(site, service.Image, recipe.key)) return true;
  const helper = await createHelper(site, name, service, { network: 'none' });
  const what = `preparing a folder of ${name}`;
  try {
    await inHelper(helper, 'mkdir -p "$1"; chown "$2" "$1"; chmod 700 "$1"', [preparedPath, recipe.owner]);
    const facts = await recipe.fill(helper, preparedPath);
    const text = dockerfile(service.Image, recipe, facts);
    await inHelper(helper, 'printf %s "$2" > "$1/Dockerfile"', [preparedHome, text]);
    await withDeadline(
      systemClock,
      what,
      preparingMs,
      build(runtime, helper.container, preparedTag(service.Image, recipe.key)),
    );
  } catch (error) {
    throw environmentError(`${what} failed`, { found: messageOf(error), cause: error });
  } finally {
    await helper.remove();
  }
  await removePrepared(
    runtime,
    async ({ [preparedLabels.of]: of = '' }) => of !== service.Image && !(await hasName(runtime, of)),
  );
  return true;
}

const preparingMs = 300_000;

async function inHelper(helper: Shell, script: string, args: string[]): Promise<void> {
  const { code, stderr } = await helper.exec(['sh', '-c', `set -e; ${script}`, 'keep', ...args]);
  if (code !== 0) throw new Error(stderr.trim() || `code ${code}`);
}

/**
 * The marks come before the folder: whatever of a build that was cut off is left has them, and `muster gc`
 * finds it. An image that was committed from the helper would have the drill's own labels.
 */
function dockerfile(from: string, { key, owner }: FolderRecipe, facts: Record<string, string>): string {
  const marks = {
    [preparedLabels.key]: key,
    [preparedLabels.of]: from,
    [preparedLabels.facts]: JSON.stringify(facts),
  };
  const label = Object.entries(marks).map(
    ([mark, value]) => `${mark}=${JSON.stringify(value).replaceAll('$', '\\$')}`,
  );
  return `FROM ${from}\nLABEL ${label.join(' ')}\nCOPY --chown=${owner} folder ${preparedPath}\n`;
}

/** Built from the helper's own folder, Dockerfile and all, as the engine hands it out. */
async function build(runtime: Runtime, helper: Container, tag: string): Promise<void> {
  const docker = runtime.container.dockerode;
  const context = await helper.getArchive({ path: `${preparedHome}/.` });
  await followed(docker, await docker.buildImage(context, { t: tag, forcerm: true }));
}

/** Of an image without a name no service is started any more, and what was kept for it is of no use. */
async function hasName(runtime: Runtime, image: string): Promise<boolean> {
  try {
    const { RepoTags, RepoDigests } = await runtime.container.dockerode.getImage(image).inspect();
    return (RepoTags ?? []).length + (RepoDigests ?? []).length > 0;
  } catch (error) {
    if (statusOf(error) === 404) return false;
    throw error;
  }
}
