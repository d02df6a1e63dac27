import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Stack } from '../../core/stack.ts';
import { labels } from '../../stack/owner.ts';
import { createStackProvider } from '../../stack/provider.ts';
import { getRuntime } from '../../stack/runtime.ts';
import { leftOf, smallStack, uniqueDrill } from './small-stack.ts';

const progress = (): void => undefined;
const provider = createStackProvider({ progress });
const mark = `built-${process.pid}`;
const build = (name: string): string =>
  `{ dockerfile_inline: "FROM ${name}\\nRUN echo ${mark} >/mark\\n", labels: { of: the-user } }`;
const drills = ['one', 'other'].map((name) => uniqueDrill(`${mark}-${name}`));
const named = `${mark}-named:1`;
let stacks: Stack[] = [];

/** Of the image that a name stands for; null where it stands for none. */
async function labelsOf(name: string): Promise<Record<string, string> | null> {
  const { dockerode } = (await getRuntime()).container;
  return dockerode
    .getImage(name)
    .inspect()
    .then(
      ({ Config }) => Config.Labels ?? {},
      () => null,
    );
}

const up = (drill: string, file: string): Promise<Stack> =>
  provider.up({ file, drill, environment: {}, progress });
const built = (more = ''): Promise<string> =>
  smallStack(
    `  app: { build: ${build('${MUSTER_IMAGE_REDIS:-redis:8.0.2}')}, ${more} init: true, command: [sleep, infinity] }`,
  );

beforeAll(async () => {
  const file = await built();
  stacks = await Promise.all(drills.map((drill) => up(drill, file)));
}, 300_000);
afterAll(async () => {
  await Promise.all(stacks.map((stack) => stack.down()));
  await (await getRuntime()).container.dockerode.getImage(named).remove({ force: true });
});

describe('what is built under the name of a drill', () => {
  test('bears its labels beside the own ones, and is found with what the drill left', async () => {
    for (const drill of drills) {
      expect(await labelsOf(`muster-${drill}-app`)).toMatchObject({ of: 'the-user', [labels.drill]: drill });
      const images = (await leftOf(drill)).filter(({ kind }) => kind === 'image');
      expect(new Set(images.map(({ name }) => name))).toEqual(new Set([`muster-${drill}-app:latest`]));
    }
  });

  test('goes with its own drill, and not with another one', async () => {
    await stacks[0]!.down();
    expect(await leftOf(drills[0]!)).toEqual([]);
    expect(await labelsOf(`muster-${drills[0]}-app`)).toBeNull();
    const app = stacks[1]!.services.get('app')!;
    await app.stop(0);
    await app.start();
    expect(await app.exec(['cat', '/mark'])).toMatchObject({ code: 0, stdout: `${mark}\n` });
    expect(await labelsOf(`muster-${drills[1]}-app`)).not.toBeNull();
  });

  test("is the user's own where the compose file names it: it bears no drill's label, and stays", async () => {
    const drill = uniqueDrill(`${mark}-named`);
    await (await up(drill, await built(`image: "${named}",`))).down();
    expect((await leftOf(drill)).map(({ name }) => name)).toEqual([named]);
    const own = await labelsOf(named);
    expect(own).toMatchObject({ of: 'the-user' });
    expect(own).not.toHaveProperty([labels.drill]);
  });
});
