import { createReadStream, createWriteStream } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { DeployedImage, Service } from '../../core/service.ts';
import type { Stack } from '../../core/stack.ts';
import { removeLeftovers } from '../../stack/leftovers.ts';
import { currentOwner, labels } from '../../stack/owner.ts';
import { imageThere, makeOwnImage, ownImageTag, removeImage } from '../../stack/own-image.ts';
import { createStackProvider } from '../../stack/provider.ts';
import { getRuntime, type Runtime } from '../../stack/runtime.ts';
import { leftOf, uniqueDrill } from './small-stack.ts';

const drill = uniqueDrill('deploy');
const environment = { FRONT_SECRET: 'not to be seen' };
const progress = (): void => undefined;
let folder: string;
let runtime: Runtime;
let stack: Stack;
let front: Service;
let deployed: DeployedImage;
let archive: string;

/** All that a container has from its compose file, by one service, and a neighbour that nothing may touch. */
const compose = `services:
  front:
    image: \${MUSTER_IMAGE_TOXIPROXY:-ghcr.io/shopify/toxiproxy:2.12.0}
    command: [-host=0.0.0.0, -config=/etc/toxiproxy.json]
    configs: [{ source: ways, target: /etc/toxiproxy.json }]
    secrets: [front]
    volumes: ["kept:/kept"]
    networks: { default: { aliases: [entrance] } }
    labels: { muster.test: front }
    ports: ["127.0.0.1::8474"]
    restart: unless-stopped
  neighbour: { image: "\${MUSTER_IMAGE_REDIS:-redis:8.0.2}", depends_on: [front] }
configs: { ways: { content: "[]" } }
secrets: { front: { environment: FRONT_SECRET } }
volumes: { kept: }
`;

const save = async (image: string, name: string): Promise<string> => {
  const path = join(folder, name);
  await pipeline(await runtime.container.dockerode.getImage(image).get(), createWriteStream(path));
  return path;
};
const from = (path: string, image: DeployedImage = deployed) => ({
  ...image,
  open: () => createReadStream(path),
});
const containerNow = async () => {
  const [found] = await runtime.container.dockerode.listContainers({
    all: true,
    filters: { label: [`${labels.drill}=${drill}`, 'muster.test=front'] },
  });
  return found ? runtime.container.dockerode.getContainer(found.Id).inspect() : null;
};

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'muster-deployment-'));
  await writeFile(join(folder, 'compose.yml'), compose);
  runtime = await getRuntime();
  stack = await createStackProvider({ progress }).up({
    file: join(folder, 'compose.yml'),
    drill,
    environment,
    ownSoftware: ['front'],
    progress,
  });
  front = stack.services.get('front')!;
  deployed = await front.deployment.image();
  archive = join(folder, 'image.tar');
  await pipeline(await front.deployment.save(), createWriteStream(archive));
}, 300_000);
afterAll(async () => {
  await stack?.down();
  await rm(folder, { recursive: true, force: true });
}, 120_000);

test("a service that asks for it runs from an image of the drill's own, and the report says where that is from", async () => {
  expect(deployed.name).toBe(`muster-drill/front:${drill}`);
  const neighbour = await stack.services.get('neighbour')!.deployment.image();
  expect(neighbour.name).not.toContain(drill);
  expect(stack.images.map(({ service, source }) => [service, source])).toEqual([
    ['front', expect.stringMatching(/^(present|built|pulled)$/)],
    ['neighbour', expect.any(String)],
  ]);
});

describe('what was removed', () => {
  test('is gone with its image, comes back from the archive alone, and is as it was deployed', {
    timeout: 120_000,
  }, async () => {
    const neighbour = await stack.services.get('neighbour')!.state();
    const before = (await containerNow())!;
    expect(await front.deployment.remove()).toEqual({ imageToo: true });
    expect((await front.state()).status).toBe('missing');
    expect(await front.deployment.has(deployed.id)).toBe(false);
    await expect(front.deployment.deploy(deployed)).rejects.toThrow('is not the image to deploy');
    await expect(front.start()).rejects.toThrow('the container of front is gone');

    expect(await front.deployment.load(from(archive))).toEqual({ thereBefore: false });
    const { container } = await front.deployment.deploy(deployed);
    const after = (await containerNow())!;
    expect([after.Id, after.Image]).toEqual([container, deployed.id]);
    expect(after.Id).not.toBe(before.Id);
    expect(after.Name).toBe(before.Name);
    expect(after.HostConfig.RestartPolicy).toEqual(before.HostConfig.RestartPolicy);
    expect(after.Mounts.map(({ Name, Destination }) => [Name, Destination])).toEqual(
      before.Mounts.map(({ Name, Destination }) => [Name, Destination]),
    );
    for (const label of Object.keys(before.Config.Labels))
      if (!/config-hash|config_files|image$/.test(label))
        expect([label, after.Config.Labels[label]]).toEqual([label, before.Config.Labels[label]]);
    const [network] = Object.values(after.NetworkSettings.Networks);
    expect(network!.Aliases).toEqual(expect.arrayContaining(['entrance', 'front']));

    expect((await front.state()).status).toBe('running');
    const { host, port } = await front.endpoint(8474);
    await expect
      .poll(
        () =>
          fetch(`http://${host}:${port}/version`).then(
            (answer) => answer.ok,
            () => false,
          ),
        { timeout: 20_000 },
      )
      .toBe(true);
    expect(await fileIn('/run/secrets/front')).toBe(environment.FRONT_SECRET);
    expect(await fileIn('/etc/toxiproxy.json')).toBe('[]');
    expect(await stack.services.get('neighbour')!.state()).toEqual(neighbour);
  });

  /** Through the engine, for the image may hold no shell. */
  const fileIn = async (path: string): Promise<string> => {
    const { extract } = await import('tar-stream');
    const { text } = await import('node:stream/consumers');
    const reading = extract();
    const content = new Promise<string>((resolve, reject) =>
      reading.on('entry', (_, stream, next) =>
        text(stream).then((found) => {
          resolve(found);
          next();
        }, reject),
      ),
    );
    (await runtime.container.dockerode.getContainer((await containerNow())!.Id).getArchive({ path })).pipe(
      reading,
    );
    return content;
  };
});

describe('an archive is refused', { timeout: 60_000 }, () => {
  test('that would put another image under a name that others use, before anything is loaded', async () => {
    const shared = (await stack.services.get('neighbour')!.deployment.image()).name;
    const before = await runtime.container.dockerode.getImage(shared).inspect();
    await expect(front.deployment.load(from(await save(shared, 'shared.tar')))).rejects.toMatchObject({
      message: 'the archive is not the image that was backed up',
      found: expect.stringContaining(shared) as string,
    });
    expect((await runtime.container.dockerode.getImage(shared).inspect()).Id).toBe(before.Id);
  });

  test('that holds something else under the right name', async () => {
    const tag = deployed.name;
    const own = { [labels.drill]: drill, [labels.owner]: currentOwner() };
    await makeOwnImage(runtime, { from: deployed.id, tag, labels: { ...own, 'muster.test': 'tampered' } });
    const path = await save(tag, 'tampered.tar');
    const gone = { id: `sha256:${'0'.repeat(64)}`, name: tag };
    await expect(front.deployment.load(from(path, gone))).rejects.toThrow(
      'the archive holds another image than its manifest says',
    );
    await expect(front.deployment.deploy(deployed)).rejects.toThrow('is not the image to deploy');
    await front.deployment.load(from(archive));
    await front.deployment.deploy(deployed);
  });

  test('that is no archive', async () => {
    await writeFile(join(folder, 'bad.tar'), 'x'.repeat(4096));
    await expect(front.deployment.load(from(join(folder, 'bad.tar')))).rejects.toThrow(
      /cannot be read|is not the image/,
    );
  });
});

test('an image that others use stays when a container of it is removed', { timeout: 60_000 }, async () => {
  const neighbour = stack.services.get('neighbour')!;
  const image = await neighbour.deployment.image();
  expect(await neighbour.deployment.remove()).toEqual({ imageToo: false });
  expect(await neighbour.deployment.has(image.id)).toBe(true);
  await neighbour.deployment.deploy(image);
  expect((await neighbour.state()).status).toBe('running');
});

test("a drill's own images go with it, and those of a dead one as leftovers", {
  timeout: 60_000,
}, async () => {
  await stack.down();
  expect(await leftOf(drill)).toEqual([]);
  expect(await imageThere(runtime, deployed.id)).toBe(false);
  const dead = uniqueDrill('deploy-dead');
  const tag = ownImageTag(dead, 'front');
  const [pid, ticks, ...where] = currentOwner().split(':');
  try {
    await makeOwnImage(runtime, {
      from: stack.images.find(({ service }) => service === 'neighbour')!.reference,
      tag,
      labels: { [labels.drill]: dead, [labels.owner]: `${pid}:${Number(ticks) + 1}:${where.join(':')}` },
    });
    expect((await leftOf(dead)).map(({ kind, name }) => [kind, name])).toEqual([['image', tag]]);
    expect((await removeLeftovers({ drills: [dead] })).images).toEqual([tag]);
    expect(await imageThere(runtime, tag)).toBe(false);
  } finally {
    await removeImage(runtime, tag);
  }
});
