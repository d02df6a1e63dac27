import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeAll, expect, test } from 'vitest';
import type { Stack } from '../../core/stack.ts';
import { imageChoice, provideImages } from '../../stack/images.ts';
import { removeLeftovers } from '../../stack/leftovers.ts';
import { labels } from '../../stack/owner.ts';
import { createStackProvider } from '../../stack/provider.ts';
import { dockerHost, getRuntime, statusOf, type Container, type Docker } from '../../stack/runtime.ts';
import { unnamedVolumesOf } from '../../stack/unnamed-volumes.ts';
import { containerOf, leftOf, uniqueDrill } from './small-stack.ts';

const progress = (): void => undefined;
const provider = createStackProvider({ progress });
const mark = `unnamed-${process.pid}`;

let docker: Docker;
let host: string;
let redis: string;
const others: Container[] = [];
const theirs: string[] = [];
const stacks: Stack[] = [];

beforeAll(async () => {
  const runtime = await getRuntime();
  docker = runtime.container.dockerode;
  host = dockerHost(runtime);
  const choice = imageChoice(process.env, progress);
  redis = (await provideImages(runtime, new Map([['redis', 'redis:8.0.2']]), choice)).get('redis')!.reference;
}, 300_000);
afterEach(async () => {
  await Promise.all(stacks.splice(0).map((stack) => stack.down()));
  await Promise.all(others.splice(0).map((one) => one.remove({ force: true, v: true })));
  for (const name of theirs.splice(0)) await docker.getVolume(name).remove();
}, 60_000);

/** A stack whose service keeps its data on a volume that nobody named; made anew by a script's Compose. */
async function madeAnew(): Promise<{ drill: string; stack: Stack; volumes: string[] }> {
  const file = join(await mkdtemp(join(tmpdir(), 'muster-unnamed-')), 'compose.yml');
  await writeFile(
    file,
    `services:\n  cache: { image: "${redis}", volumes: [/more], init: true, command: [sleep, infinity] }\n`,
  );
  const drill = uniqueDrill(mark);
  const stack = await provider.up({ file, drill, environment: {}, progress });
  stacks.push(stack);
  const volumes = await volumesOf(drill);
  const files = await stack.composeFiles();
  const args = ['compose', ...files.flatMap((one) => ['-f', one]), '-p', stack.project];
  await promisify(execFile)('docker', [...args, 'up', '-d', '--force-recreate', '--no-deps', 'cache'], {
    env: { ...process.env, DOCKER_HOST: host },
  });
  expect(await volumesOf(drill)).toEqual(volumes);
  return { drill, stack, volumes };
}

async function volumesOf(drill: string): Promise<string[]> {
  const { Mounts } = await (await containerOf(drill, 'cache')).inspect();
  return Mounts.map(({ Name }) => Name!).sort();
}

const isThere = async (volume: string): Promise<boolean> =>
  docker
    .getVolume(volume)
    .inspect()
    .then(
      () => true,
      (error: unknown) => {
        if (statusOf(error) === 404) return false;
        throw error;
      },
    );
const areThere = async (volumes: string[]): Promise<boolean[]> => Promise.all(volumes.map(isThere));

test('what Compose handed on to a container that a script made anew goes with the drill', async () => {
  const { stack, drill, volumes } = await madeAnew();
  expect(await areThere(volumes)).toEqual([true, true]);
  await stack.down();
  expect(await leftOf(drill)).toEqual([]);
  expect(await areThere(volumes)).toEqual([false, false]);
}, 120_000);

test("one that a container uses that is not the drill's stays, and so does that container", async () => {
  const { stack, drill, volumes } = await madeAnew();
  const other = await docker.createContainer({
    Image: redis,
    Cmd: ['sleep', 'infinity'],
    HostConfig: { Binds: [`${volumes[0]}:/data`], Init: true },
  });
  others.push(other);
  theirs.push(volumes[0]!);
  await other.start();
  await stack.down();
  expect(await leftOf(drill)).toEqual([]);
  expect(await areThere(volumes)).toEqual([true, false]);
  expect((await other.inspect()).State.Running).toBe(true);
}, 120_000);

test('one without a name that a script gave to a container of the drill stays', async () => {
  const own = randomBytes(32).toString('hex');
  theirs.push(own);
  await docker.createVolume({ Name: own });
  const drill = uniqueDrill(mark);
  const container = await docker.createContainer({
    Image: redis,
    Labels: { [labels.drill]: drill },
    HostConfig: { Binds: [`${own}:/data`] },
  });
  const other = await docker.createContainer({ Image: redis });
  others.push(other);
  const found = await container.inspect();
  expect(found.Mounts.map(({ Name }) => Name)).toEqual([own]);
  expect(unnamedVolumesOf(found)).toEqual([]);
  const mounts = (await other.inspect()).Mounts.map(({ Name }) => Name);
  expect(unnamedVolumesOf(await other.inspect())).toEqual(mounts);
  await removeLeftovers({ drills: [drill] });
  await expect(container.inspect()).rejects.toMatchObject({ statusCode: 404 });
  expect(await areThere([own])).toEqual([true]);
}, 60_000);
