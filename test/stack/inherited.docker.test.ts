import { execFile } from 'node:child_process';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, expect, test } from 'vitest';
import type { Stack } from '../../core/stack.ts';
import { findLeftovers, removeLeftovers } from '../../stack/leftovers.ts';
import { labels } from '../../stack/owner.ts';
import { ownImageTag } from '../../stack/own-image.ts';
import { createStackProvider } from '../../stack/provider.ts';
import { namesOfAddresses } from '../../stack/region.ts';
import { dockerHost, getRuntime, statusOf, type Container, type Docker } from '../../stack/runtime.ts';
import { containerOf, leftOf, smallStack, uniqueDrill } from './small-stack.ts';

// What somebody makes of a drill's image or container has labels of that drill, and is his.
const drill = uniqueDrill('inherited');
const drills = [drill];
const progress = (): void => undefined;
const ofUser: Container[] = [];
const kept = `kept-${drill}:1`;
const rescued = `rescued-${drill}:1`;
const namesOfUser = [kept, rescued];

afterAll(async () => {
  const { dockerode } = (await getRuntime()).container;
  for (const one of ofUser) await one.remove({ force: true, v: true }).catch(() => undefined);
  for (const image of namesOfUser)
    await dockerode
      .getImage(image)
      .remove({ force: true })
      .catch(() => undefined);
  for (const one of drills) {
    const filters = { label: [`com.docker.compose.project=muster-${one}`] };
    for (const { Id } of await dockerode.listContainers({ all: true, filters }))
      await dockerode.getContainer(Id).remove({ force: true, v: true });
  }
  await removeLeftovers({ drills });
});

/** A stack of one service that Compose builds for the drill, from an image with a volume. */
async function builtStack(name: string): Promise<{ drill: string; stack: Stack; image: string }> {
  const file = join(await mkdtemp(join(tmpdir(), 'muster-inherited-')), 'compose.yml');
  const build = '{ dockerfile_inline: "FROM ${MUSTER_IMAGE_REDIS:-redis:8.0.2}\\nVOLUME /kept\\n" }';
  await writeFile(
    file,
    `services:\n  app: { build: ${build}, init: true, command: [sleep, infinity], stop_grace_period: 0s }\n`,
  );
  const built = uniqueDrill(name);
  drills.push(built);
  const stack = await createStackProvider({ progress }).up({ file, drill: built, environment: {}, progress });
  return { drill: built, stack, image: `${stack.project}-app:latest` };
}

type Settings = Parameters<Docker['createContainer']>[0];

/** What a user starts by `docker run`: with nothing but the image's own labels. */
async function started(docker: Docker, Image: string, more: Settings = {}): Promise<Container> {
  const one = await docker.createContainer({ Image, Cmd: ['sleep', '600'], Entrypoint: [], ...more });
  ofUser.push(one);
  await one.start();
  return one;
}

const isThere = (one: { inspect(): Promise<unknown> }): Promise<boolean> =>
  one.inspect().then(
    () => true,
    (error: unknown) => {
      if (statusOf(error) === 404) return false;
      throw error;
    },
  );

test("containers and names of the user's stay when the drill that they come from is removed", async () => {
  const runtime = await getRuntime();
  const { dockerode } = runtime.container;
  const stack = await createStackProvider({ progress }).up({
    file: await smallStack(),
    drill,
    environment: {},
    ownSoftware: ['cache'],
    progress,
  });
  const own = ownImageTag(drill, 'cache');
  expect([...stack.services.values()].map(({ image }) => image.reference)).toEqual([own]);
  await dockerode.getImage(own).tag({ repo: kept.split(':')[0]!, tag: '1' });
  await (await containerOf(drill, 'cache')).commit({ repo: rescued.split(':')[0]!, tag: '1' });
  for (const Image of [own, kept, rescued]) {
    const one = await dockerode.createContainer({ Image, Cmd: ['sleep', '600'], Entrypoint: [] });
    ofUser.push(one);
    await one.start();
  }
  const before = await Promise.all(ofUser.map((one) => one.inspect()));
  // None of them is a helper of Muster, or in a region of the drill.
  const names = await namesOfAddresses({ runtime, drill });
  for (const { NetworkSettings } of before)
    expect(names.has(NetworkSettings.Networks['bridge']!.IPAddress)).toBe(false);

  const removed = await removeLeftovers({ drills: [drill] });
  expect(removed.containers).toContain(`muster-${drill}-cache-1`);
  expect(removed.images).toEqual([own]);
  const after = await Promise.all(ofUser.map((one) => one.inspect()));
  expect(after.map(({ Id, State }) => [Id, State.Running])).toEqual(before.map(({ Id }) => [Id, true]));
  for (const image of [kept, rescued]) await dockerode.getImage(image).inspect();
  await expect(dockerode.getImage(own).inspect()).rejects.toMatchObject({ statusCode: 404 });
  expect((await leftOf(drill)).filter(({ kind }) => kind !== 'container')).toEqual([]);
});

test.each([
  ['down', (stack: Stack) => stack.down()],
  ['gc', (_: Stack, of: string) => removeLeftovers({ drills: [of] })],
])(
  "one of the user's from an image that Compose built for the drill survives %s, and a hook's does not",
  async (how, end) => {
    const { dockerode: docker } = (await getRuntime()).container;
    const { drill: of, stack, image } = await builtStack(`inherited-${how}`);
    const project = 'com.docker.compose.project';
    expect((await docker.getImage(image).inspect()).Config.Labels).toHaveProperty([project], stack.project);
    const [repo, tag] = [`kept-${of}`, '1'];
    await docker.getImage(image).tag({ repo, tag });
    namesOfUser.push(`${repo}:${tag}`);
    const mine = await started(docker, image);
    const created = await docker.createContainer({ Image: image, name: `mine-${of}` });
    ofUser.push(created);
    const volumes = (await Promise.all([mine.inspect(), created.inspect()])).flatMap(({ Mounts }) =>
      Mounts.map(({ Name }) => docker.getVolume(Name!)),
    );
    expect(volumes.length).toBeGreaterThanOrEqual(2);
    const hook = await docker.createContainer({
      Image: image,
      name: `${stack.project}-app-pre_start-0`,
      Labels: { [project]: stack.project, 'com.docker.compose.service': 'app' },
    });
    ofUser.push(hook);

    await end(stack, of);
    expect((await mine.inspect()).State.Running).toBe(true);
    expect(await Promise.all([created, ...volumes].map(isThere))).not.toContain(false);
    expect(await isThere(hook)).toBe(false);
    expect(await isThere(docker.getImage(image))).toBe(false);
  },
  300_000,
);

test.each(['running', 'created'])(
  "an image of the drill's that a %s container of the user's is of stays until that is gone",
  async (state) => {
    const { dockerode: docker } = (await getRuntime()).container;
    const { drill: of, stack, image } = await builtStack(`used-${state}`);
    const { Id } = await docker.getImage(image).inspect();
    const mine =
      state === 'running' ? await started(docker, image) : await docker.createContainer({ Image: image });
    if (state === 'created') ofUser.push(mine);

    await stack.down();
    expect((await mine.inspect()).State.Running).toBe(state === 'running');
    expect((await docker.getImage(Id).inspect()).RepoTags).toEqual([image]);
    // No later start or gc has anything to do with it.
    expect((await findLeftovers()).filter(({ drill: one }) => one === of)).toEqual([]);
    expect((await removeLeftovers({ drills: [of] })).images).toEqual([]);
    if (state === 'created') await mine.start();

    await mine.remove({ force: true, v: true });
    expect((await findLeftovers()).map(({ drill: one }) => one)).toContain(of);
    expect((await removeLeftovers({ drills: [of] })).images).toEqual([image]);
    expect(await isThere(docker.getImage(Id))).toBe(false);
  },
  300_000,
);

test("a nameless image of the drill's goes where nobody has a container of it, and stays where somebody has", async () => {
  const { dockerode: docker } = (await getRuntime()).container;
  const { drill: of, stack, image } = await builtStack('nameless');
  const { Id } = await docker.getImage(image).inspect();
  const mine = await started(docker, image);
  // As an earlier version left it behind.
  await docker.getImage(image).remove({ force: true });
  expect((await docker.getImage(Id).inspect()).RepoTags).toEqual([]);
  await stack.down();
  expect((await removeLeftovers({ drills: [of] })).images).toEqual([]);
  expect((await mine.inspect()).State.Running).toBe(true);

  await mine.remove({ force: true, v: true });
  expect((await removeLeftovers({ drills: [of] })).images).toEqual([Id]);
  expect(await isThere(docker.getImage(Id))).toBe(false);
}, 300_000);

test.each([
  ['down', (stack: Stack) => stack.down()],
  ['gc', (_: Stack, of: string) => removeLeftovers({ drills: [of] })],
])(
  "a service's container that a script made anew from what it had committed goes by %s, as all of the drill does",
  async (how, end) => {
    const runtime = await getRuntime();
    const { dockerode: docker } = runtime.container;
    const { drill: of, stack, image } = await builtStack(`committed-${how}`);
    // By its name: a helper that is made of the service's image has Compose's labels as well.
    const named = async () =>
      docker.getContainer((await docker.getContainer(`${stack.project}-app-1`).inspect()).Id);
    const before = await named();
    await before.commit({ repo: image.replace(/:latest$/, ''), tag: 'latest' });
    const files = (await stack.composeFiles()).flatMap((file) => ['-f', file]);
    await promisify(execFile)(
      'docker',
      ['compose', ...files, '-p', stack.project, 'up', '-d', '--force-recreate', '--no-deps', 'app'],
      { env: { ...process.env, DOCKER_HOST: dockerHost(runtime) } },
    );
    const app = await named();
    const made = await app.inspect();
    expect(made.Id).not.toBe(before.id);
    const bears = (await docker.getImage(made.Image).inspect()).Config.Labels;
    for (const key of [labels.drill, labels.owner]) expect(bears[key]).toBe(made.Config.Labels[key]);
    // A helper has the image of a service; something of a script's is on a network of the drill.
    const HostConfig = { NetworkMode: 'none' };
    const Labels = { [labels.role]: 'helper' };
    const helper = await docker.createContainer({ Image: image, Labels, HostConfig });
    const onNetwork = await docker.createContainer({
      Image: image,
      HostConfig: { NetworkMode: `${stack.project}_default` },
    });
    ofUser.push(helper, onNetwork);
    const mine = await started(docker, image);

    await end(stack, of);
    expect(await Promise.all([app, helper, onNetwork].map(isThere))).toEqual([false, false, false]);
    expect((await mine.inspect()).State.Running).toBe(true);
    expect(await leftOf(of)).toEqual([]);
    await mine.remove({ force: true, v: true });
    await removeLeftovers({ drills: [of] });
    expect(await isThere(docker.getImage(made.Image))).toBe(false);
    await stack.down();
  },
  300_000,
);
