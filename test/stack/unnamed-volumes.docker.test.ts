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
/** Gone after each test, unless it failed. */
const ofDrills: string[] = [];
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
  for (const name of ofDrills.splice(0)) if (await isThere(name)) await docker.getVolume(name).remove();
}, 60_000);

/** A stack whose service keeps its data on volumes that nobody named, and Compose as its scripts call it. */
async function sleeping(): Promise<{
  drill: string;
  stack: Stack;
  compose(...args: string[]): Promise<unknown>;
}> {
  const file = join(await mkdtemp(join(tmpdir(), 'muster-unnamed-')), 'compose.yml');
  await writeFile(
    file,
    `services:\n  cache: { image: "${redis}", volumes: [/more], init: true, command: [sleep, infinity] }\n`,
  );
  const drill = uniqueDrill(mark);
  const stack = await provider.up({ file, drill, environment: {}, progress });
  stacks.push(stack);
  const files = await stack.composeFiles();
  const args = ['compose', ...files.flatMap((one) => ['-f', one]), '-p', stack.project];
  const env = { ...process.env, DOCKER_HOST: host };
  return {
    drill,
    stack,
    compose: async (...more) => promisify(execFile)('docker', [...args, ...more], { env }),
  };
}

const anew = ['up', '-d', '--force-recreate', '--no-deps'];

/** The same, made anew by a script's Compose. */
async function madeAnew(): Promise<{ drill: string; stack: Stack; volumes: string[] }> {
  const { drill, stack, compose } = await sleeping();
  const volumes = await volumesOf(drill);
  ofDrills.push(...volumes);
  await compose(...anew, 'cache');
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

test('and with what a dead drill left, of which nobody knows any more', async () => {
  const { drill, volumes } = await madeAnew();
  const removed = await removeLeftovers({ drills: [drill] });
  expect(removed.volumes).toEqual(expect.arrayContaining(volumes));
  expect(await leftOf(drill)).toEqual([]);
  expect(await areThere(volumes)).toEqual([false, false]);
}, 120_000);

test('and so does that of a container that a script made in the first place', async () => {
  const { stack, drill, compose } = await sleeping();
  const all = async (): Promise<string[]> => {
    const filters = { label: [`${labels.drill}=${drill}`, 'com.docker.compose.service=cache'] };
    const found = await docker.listContainers({ all: true, filters });
    return found.flatMap(({ Mounts }) => Mounts.map(({ Name }) => Name!)).sort();
  };
  await compose('up', '-d', '--no-recreate', '--no-deps', '--scale', 'cache=2', 'cache');
  const volumes = await all();
  ofDrills.push(...volumes);
  expect(volumes).toHaveLength(4);
  await compose(...anew, '--scale', 'cache=2', 'cache');
  expect(await all()).toEqual(volumes);
  await stack.down();
  expect(await leftOf(drill)).toEqual([]);
  expect(await areThere(volumes)).toEqual([false, false, false, false]);
}, 120_000);

test("one of somebody else's that a script gave to a single run stays", async () => {
  const { stack, drill, compose } = await sleeping();
  const own = randomBytes(32).toString('hex');
  theirs.push(own);
  await docker.createVolume({ Name: own });
  await compose('run', '-d', '--no-deps', '-v', `${own}:/theirs`, 'cache', 'sleep', 'infinity');
  const filters = { label: [`${labels.drill}=${drill}`, 'com.docker.compose.oneoff=True'] };
  const [run] = await docker.listContainers({ all: true, filters });
  expect(run!.Mounts.map(({ Name }) => Name)).toContain(own);
  await stack.down();
  expect(await leftOf(drill)).toEqual([]);
  expect(await areThere([own])).toEqual([true]);
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
