import { afterAll, expect, test } from 'vitest';
import { findLeftovers, removeLeftovers } from '../../stack/leftovers.ts';
import { createStackProvider } from '../../stack/provider.ts';
import { getRuntime, type Container } from '../../stack/runtime.ts';
import { leftOf, smallStack, uniqueDrill } from './small-stack.ts';

const progress = (): void => undefined;
const drill = uniqueDrill('held');
const ofUser: Container[] = [];

afterAll(async () => {
  for (const one of ofUser) await one.remove({ force: true, v: true }).catch(() => undefined);
  await removeLeftovers({ drills: [drill] });
});

test("what a container of the user's holds of a drill stays until that is gone, and keeps nobody waiting", async () => {
  const docker = (await getRuntime()).container.dockerode;
  const file = await smallStack();
  const stack = await createStackProvider({ progress }).up({ file, drill, environment: {}, progress });
  const [volume, network] = [`${stack.project}_cache-data`, `${stack.project}_default`];
  const Image = stack.services.get('cache')!.image.reference;
  for (const HostConfig of [{ NetworkMode: network }, { Binds: [`${volume}:/theirs`] }]) {
    const one = await docker.createContainer({ Image, HostConfig });
    ofUser.push(one);
    if (HostConfig.NetworkMode) await one.start();
  }
  const states = async (): Promise<string[]> =>
    Promise.all(ofUser.map(async (one) => (await one.inspect()).State.Status));

  await stack.down();
  const left = await leftOf(drill);
  expect(new Set(left.map(({ name }) => name))).toEqual(new Set([volume, network]));
  const nothing = { containers: [], volumes: [], networks: [], images: [] };
  expect(await removeLeftovers({ drills: [drill] })).toEqual(nothing);
  expect(await states()).toEqual(['running', 'created']);
  expect((await findLeftovers()).find((one) => one.drill === drill)).toMatchObject({
    volumes: [volume],
    networks: [network],
  });

  for (const one of ofUser.splice(0)) await one.remove({ force: true, v: true });
  const removed = await removeLeftovers({ drills: [drill] });
  expect(removed).toEqual({ ...nothing, volumes: [volume], networks: [network] });
  expect(await leftOf(drill)).toEqual([]);
}, 180_000);
