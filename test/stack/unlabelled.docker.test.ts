import { beforeAll, afterEach, expect, test } from 'vitest';
import { imageChoice, provideImages } from '../../stack/images.ts';
import { removeLeftovers } from '../../stack/leftovers.ts';
import { currentOwner, labels } from '../../stack/owner.ts';
import { createStackProvider } from '../../stack/provider.ts';
import { getRuntime, statusOf, type Container, type Docker } from '../../stack/runtime.ts';
import { leftOf, smallStack, uniqueDrill } from './small-stack.ts';

const progress = (): void => undefined;
const made: Container[] = [];
let docker: Docker;
let image = '';

beforeAll(async () => {
  const runtime = await getRuntime();
  docker = runtime.container.dockerode;
  const chosen = await provideImages(
    runtime,
    new Map([['redis', 'redis:8.0.2']]),
    imageChoice(process.env, progress),
  );
  image = chosen.get('redis')!.reference;
});
afterEach(async () => {
  for (const container of made.splice(0))
    await container.remove({ force: true, v: true }).catch(() => undefined);
});

/** As Compose makes one for a hook: with its own labels and nothing of the drill's, on a volume of it. */
async function hookOf(drill: string, volume: string, more: Record<string, string> = {}): Promise<Container> {
  const own = {
    'com.docker.compose.project': `muster-${drill}`,
    'com.docker.compose.service': 'cache',
    ...more,
  };
  const container = await docker.createContainer({
    Image: image,
    Cmd: ['false'],
    Labels: own,
    HostConfig: { Binds: [`${volume}:/data`] },
  });
  made.push(container);
  return container;
}
const isThere = (container: Container): Promise<boolean> =>
  container.inspect().then(
    () => true,
    (error: unknown) => {
      if (statusOf(error) === 404) return false;
      throw error;
    },
  );

test("a hook's container that failed goes with its drill's stack", async () => {
  const drill = uniqueDrill('hooked');
  const file = await smallStack();
  const stack = await createStackProvider({ progress }).up({ file, drill, environment: {}, progress });
  try {
    await hookOf(drill, `muster-${drill}_cache-data`);
  } finally {
    await stack.down();
  }
  expect(await leftOf(drill)).toEqual([]);
});

test('and with what a dead drill left; no other one does', async () => {
  const owner = currentOwner();
  const dead = owner.replace(/^\d+:\d*/, '99999999:1');
  const [gone, alive, unknown, elsewhere] = ['gone', 'alive', 'unknown', 'elsewhere'].map(uniqueDrill) as [
    string,
    string,
    string,
    string,
  ];
  const volumeOf = async (drill: string, of?: string): Promise<string> => {
    const own: Record<string, string> = of === undefined ? {} : { [labels.drill]: drill, [labels.owner]: of };
    await docker.createVolume({ Name: `test-${drill}`, Labels: own });
    return `test-${drill}`;
  };
  const volumes = await Promise.all([
    volumeOf(gone, dead),
    volumeOf(alive, owner),
    volumeOf(unknown),
    volumeOf(elsewhere, dead),
  ]);
  try {
    const left = await hookOf(gone, volumes[0]!);
    const kept = [
      await hookOf(alive, volumes[1]!),
      await hookOf(unknown, volumes[2]!),
      // A project of the user's own that happens to have such a name.
      await hookOf(elsewhere, volumes[2]!, { 'com.docker.compose.project.config_files': '/srv/compose.yml' }),
    ];
    const { volumes: emptied } = await removeLeftovers();
    expect(emptied).toEqual(expect.arrayContaining([volumes[0], volumes[3]]));
    expect(await isThere(left)).toBe(false);
    expect(await Promise.all(kept.map(isThere))).toEqual([true, true, true]);
  } finally {
    for (const container of made.splice(0))
      await container.remove({ force: true, v: true }).catch(() => undefined);
    for (const volume of volumes)
      await docker
        .getVolume(volume)
        .remove()
        .catch(() => undefined);
  }
});
