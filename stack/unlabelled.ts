import type { Marked } from './marked.ts';
import { composeProject, containersWith } from './own-containers.ts';
import { labels } from './owner.ts';
import type { Runtime } from './runtime.ts';

/**
 * Containers that Compose made for a drill without the drill's labels, such as those of `pre_start` hooks: by
 * the name of the project alone. Ask only of a drill that is known by something else that bears its label.
 * Whatever names the compose files that it is of is a service's, and was not made for a drill where the
 * labels are missing.
 */
export async function unlabelledOf(runtime: Runtime, drill: string): Promise<Marked[]> {
  const docker = runtime.container.dockerode;
  const found = await containersWith(docker, [`${composeProject}=muster-${drill}`], { all: true });
  return found
    .filter(({ Labels: own }) =>
      [labels.drill, labels.owner, `${composeProject}.config_files`].every(
        (label) => own[label] === undefined,
      ),
    )
    .map(({ Id: id, Names: [name = id] }) => ({
      kind: 'container',
      id,
      name: name.replace(/^\//, ''),
      drill,
      owner: '',
      madeMs: null,
    }));
}
