import { afterAll, expect, test } from 'vitest';
import { removeLeftovers } from '../../stack/leftovers.ts';
import { ownImageTag } from '../../stack/own-image.ts';
import { createStackProvider } from '../../stack/provider.ts';
import { namesOfAddresses } from '../../stack/region.ts';
import { getRuntime, type Container } from '../../stack/runtime.ts';
import { containerOf, leftOf, smallStack, uniqueDrill } from './small-stack.ts';

// What somebody makes of a drill's image or container has labels of that drill, and is his.
const drill = uniqueDrill('inherited');
const progress = (): void => undefined;
const ofUser: Container[] = [];
const kept = `kept-${drill}:1`;
const rescued = `rescued-${drill}:1`;

afterAll(async () => {
  const { dockerode } = (await getRuntime()).container;
  for (const one of ofUser) await one.remove({ force: true, v: true }).catch(() => undefined);
  for (const image of [kept, rescued])
    await dockerode
      .getImage(image)
      .remove({ force: true })
      .catch(() => undefined);
  await removeLeftovers({ drills: [drill] });
});

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
