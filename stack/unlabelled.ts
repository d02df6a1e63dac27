import type { Marked } from './marked.ts';
import { hasNameOf, labelsOfImage } from './own-containers.ts';
import { labels } from './owner.ts';
import type { Runtime } from './runtime.ts';

const ofCompose = 'com.docker.compose.project';

/**
 * Containers that Compose made for a drill without the drill's labels, such as those of `pre_start` hooks: by
 * the name of the project alone. Ask only of a drill that is known by something else that bears its label.
 * Whatever names the compose files that it is of is a service's, and was not made for a drill where the
 * labels are missing. One whose image says the same is the user's, unless its name says otherwise: Compose
 * labels what it builds, and whatever somebody starts from that has its labels.
 */
export async function unlabelledOf(runtime: Runtime, drill: string): Promise<Marked[]> {
  const docker = runtime.container.dockerode;
  const project = `muster-${drill}`;
  const found = await docker.listContainers({
    all: true,
    filters: { label: [`${ofCompose}=${project}`] },
  });
  const own: Marked[] = [];
  for (const { Id: id, Names: names, ImageID: image, Labels: marks } of found) {
    if ([labels.drill, labels.owner, `${ofCompose}.config_files`].some((one) => marks[one] !== undefined))
      continue;
    if (!hasNameOf(drill, names)) {
      const from = await labelsOfImage(docker, image);
      if (from === null || from[ofCompose] === project) continue;
    }
    own.push({ kind: 'container', id, name: (names[0] ?? id).replace(/^\//, ''), drill, owner: '' });
  }
  return own;
}
