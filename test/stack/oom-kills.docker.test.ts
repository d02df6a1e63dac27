import { PassThrough } from 'node:stream';
import { beforeAll, describe, expect, test } from 'vitest';
import { systemClock } from '../../core/clock.ts';
import type { OomWatch } from '../../core/service.ts';
import { imageChoice, provideImages } from '../../stack/images.ts';
import { watchOomKills } from '../../stack/oom-kills.ts';
import { getRuntime, type Runtime } from '../../stack/runtime.ts';
import { killedByOom } from '../support/out-of-memory.ts';

let image: string;
let runtime: Runtime;
beforeAll(async () => {
  runtime = await getRuntime();
  const choice = imageChoice(process.env, () => undefined);
  image = (await provideImages(runtime, new Map([['nftables', null]]), choice)).get('nftables')!.reference;
}, 300_000);

/** An engine that tells of no event. */
function deaf(): Runtime {
  const docker = Object.create(runtime.container.dockerode, {
    getEvents: { value: async () => new PassThrough() },
  }) as Runtime['container']['dockerode'];
  return {
    ...runtime,
    container: Object.create(runtime.container, { dockerode: { value: docker } }) as never,
  };
}

/** What is told of a container that the kernel ends, and of one beside it that waits to be ended later. */
async function told(by: Runtime): Promise<[ended: string | null, beside: string | null]> {
  const watches: OomWatch[] = [];
  const watched = async (container: Parameters<typeof watchOomKills>[1]): Promise<void> =>
    void watches.push(await watchOomKills({ runtime: by, clock: systemClock }, container));
  let both: [string | null, string | null] = [null, null];
  await killedByOom(image, async (beside) => {
    await beside.pause();
    await watched(beside);
    await killedByOom(image, watched);
    await expect.poll(() => watches[1]!.seen(), { timeout: 10_000 }).not.toBeNull();
    both = [watches[1]!.seen(), watches[0]!.seen()];
    expect(watches.map((one) => one.canTell())).toEqual([true, true]);
    await beside.unpause();
  });
  for (const one of watches) one.end();
  return both;
}

describe('an OOM kill', { timeout: 120_000 }, () => {
  test('is told by the engine of the very container', async () =>
    expect(await told(runtime)).toEqual([expect.stringMatching(/^the engine tells of 1 OOM kills/), null]));
  test('is counted by the kernel for the very container, of which the engine need not tell', async () =>
    expect(await told(deaf())).toEqual([expect.stringMatching(/^the kernel counts 1 OOM kills/), null]));
});
