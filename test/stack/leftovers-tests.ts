import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, expect, test } from 'vitest';
import { systemClock } from '../../core/clock.ts';
import { findLeftovers, removeLeftovers } from '../../stack/leftovers.ts';
import { marked } from '../../stack/marked.ts';
import { currentOwner, labels } from '../../stack/owner.ts';
import { createStackProvider } from '../../stack/provider.ts';
import { getRuntime } from '../../stack/runtime.ts';
import { composeRunsFor, containerOf, leftOf, smallStack, uniqueDrill } from './small-stack.ts';

const silent = (): void => undefined;
const children: ChildProcess[] = [];

afterAll(async () => {
  for (const child of children) child.kill('SIGKILL');
  await removeLeftovers();
});

/** Starts a Muster of its own and waits until it says a line that begins like this. */
async function start(drill: string, until: string): Promise<ChildProcess> {
  const file = await smallStack(
    '  last: { image: "${MUSTER_IMAGE_REDIS:-redis:8.0.2}", depends_on: { cache: { condition: service_healthy } } }',
  );
  const child = spawn(process.execPath, [join(import.meta.dirname, 'up-and-wait.ts'), file, drill], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  for await (const line of createInterface({ input: child.stdout! }))
    if (line.startsWith(until)) return child;
  throw new Error('it ended before');
}

async function kill(child: ChildProcess): Promise<void> {
  const gone = once(child, 'exit');
  child.kill('SIGKILL');
  await gone;
}

test('a stack whose owner was killed is found and removed, paused containers included; one whose owner lives is kept', async () => {
  const mine = uniqueDrill('alive');
  const dead = uniqueDrill('dead');
  const stack = await createStackProvider({ progress: silent }).up({
    file: await smallStack(),
    drill: mine,
    environment: {},
    progress: silent,
  });
  try {
    const other = await start(dead, 'up');
    expect((await findLeftovers()).find((each) => each.drill === dead)).toMatchObject({ alive: true });
    await removeLeftovers();
    expect((await leftOf(dead)).length).toBeGreaterThan(3);

    await kill(other);
    await (await containerOf(dead, 'cache')).pause();
    const found = (await findLeftovers()).find((each) => each.drill === dead)!;
    expect(found).toMatchObject({
      alive: false,
      volumes: [`muster-${dead}_cache-data`],
      networks: [`muster-${dead}_default`],
    });

    const removed = await removeLeftovers();
    expect(removed.containers).toEqual(expect.arrayContaining(found.containers));
    expect(removed.volumes).toContain(`muster-${dead}_cache-data`);
    expect(removed.networks).toContain(`muster-${dead}_default`);
    expect(removed.containers.join()).not.toContain(mine);
    expect(await leftOf(dead)).toEqual([]);
    expect((await stack.services.get('cache')!.state()).status).toBe('running');
  } finally {
    await stack.down();
  }
});

test('killed in the middle of `compose up`: Compose, which outlives it, is ended too, and nothing comes after', async () => {
  for (const afterMs of [50, 400, 800, 1_200, 2_000]) {
    const drill = uniqueDrill(`cut${afterMs}`);
    const child = await start(drill, 'starting');
    await systemClock.sleep(afterMs);
    await kill(child);
    await removeLeftovers();
    expect(composeRunsFor(drill), `after ${afterMs} ms`).toBe(false);
    // What the engine was asked for before is done by now, if it was going to be: creating one container
    // takes far less.
    await systemClock.sleep(1_500);
    expect(await leftOf(drill), `after ${afterMs} ms`).toEqual([]);
  }
});

test("something with a drill's label and no owner is not ours to remove", async () => {
  const drill = uniqueDrill('unowned');
  const docker = (await getRuntime()).container.dockerode;
  await docker.createVolume({ Name: `muster-test-${drill}`, Labels: { 'muster.drill': drill } });
  try {
    expect((await removeLeftovers()).volumes).not.toContain(`muster-test-${drill}`);
    expect(await leftOf(drill)).toHaveLength(1);
  } finally {
    await docker.getVolume(`muster-test-${drill}`).remove();
  }
});

test.each([
  ['of the same snapshot', (owner: string) => owner.replace(/^\d+:\d+/, '4194305:1')],
  [
    'of another boot',
    (owner: string) => owner.replace(/:[^:.]*\./, ':00000000-0000-4000-8000-000000000000.'),
  ],
  ['without /proc', () => '4194305:::0'],
])('what a drill of another machine has, %s, goes by the name of the drill alone', async (_, ownerOf) => {
  const drill = uniqueDrill('elsewhere');
  const docker = (await getRuntime()).container.dockerode;
  const own = {
    [labels.drill]: drill,
    [labels.owner]: ownerOf(currentOwner()).replace(/[^:]*$/, '0123456789abcdef'),
  };
  await docker.createVolume({ Name: `muster-test-${drill}`, Labels: own });
  await docker.createNetwork({ Name: `muster-test-${drill}`, Labels: own });
  try {
    expect((await findLeftovers()).find((each) => each.drill === drill)).toMatchObject({ alive: true });
    await removeLeftovers();
    expect(await leftOf(drill)).toHaveLength(2);
    for (const { kind, madeMs } of await marked(await getRuntime(), [`${labels.drill}=${drill}`]))
      expect(madeMs, kind).toBeGreaterThan(Date.now() - 24 * 3_600_000);
  } finally {
    await removeLeftovers({ drills: [drill] });
  }
  expect(await leftOf(drill)).toEqual([]);
});
