import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { imageChoice, provideImages } from '../../stack/images.ts';
import { getRuntime } from '../../stack/runtime.ts';
import { muster, startMuster, type Muster } from '../support/muster.ts';
import { ended } from './accident-cases.ts';
import { accidentFolder, bundlesIn, interrupted, killed, leftOf, timelineOf } from './workbench.ts';

// F40 of the field cases: who is stopped between the fault and the recovery leaves the fault in force.
const faults = ['latency', 'partition', 'pause'];
const change: Record<string, string> = {
  fault:
    '[{ latency: net, proxy: redis, delay: 400ms, at: +1s }, { partition: redis, at: +1s }, { pause: redis, at: +1s }]',
  recover: 'automatic',
  giveUp: '10m',
};
const lastingFaults = (): string =>
  accidentFolder((file, text) => {
    if (file === 'strategy.yaml')
      return text.replace(/^stores:/m, '  net: { driver: toxiproxy, service: toxiproxy }\nstores:');
    if (file === 'scenario.yaml')
      return Object.entries(change).reduce(
        (all, [key, value]) => all.replace(new RegExp(`^${key}: .*`, 'm'), `${key}: ${value}`),
        text,
      );
    return text.replace(
      '"127.0.0.1::6379"]\n    healthcheck: { test: [CMD, /toxi',
      '"127.0.0.1::6379", "127.0.0.1::8474"]\n    healthcheck: { test: [CMD, /toxi',
    );
  });

/** A container that is no drill's, and that its owner has paused. */
const stranger = `stranger-${randomBytes(3).toString('hex')}`;
const ofStranger = async (): Promise<{ Status: string; StartedAt: string }> =>
  (await (await getRuntime()).container.dockerode.getContainer(stranger).inspect()).State;
let asItWas: { Status: string; StartedAt: string };

beforeAll(async () => {
  const runtime = await getRuntime();
  const image = (
    await provideImages(
      runtime,
      new Map([['redis', null]]),
      imageChoice(process.env, () => undefined),
    )
  ).get('redis')!.reference;
  const container = await runtime.container.dockerode.createContainer({
    name: stranger,
    Image: image,
    Entrypoint: ['sleep'],
    Cmd: ['3600'],
  });
  await container.start();
  await container.pause();
  asItWas = await ofStranger();
});
afterAll(async () => {
  await (await getRuntime()).container.dockerode.getContainer(stranger).remove({ force: true, v: true });
});

async function inForce(): Promise<{ folder: string; drill: Muster; bundle: string }> {
  const folder = lastingFaults();
  const drill = startMuster(['run', 'scenario.yaml'], { cwd: folder });
  await drill.said(/Z break: took/);
  const [bundle] = bundlesIn(folder);
  const witnessed = timelineOf(bundle!).events.flatMap((event) =>
    event.type === 'fault.witnessed' ? [event.data.fault] : [],
  );
  expect(witnessed.sort()).toEqual(faults);
  return { folder, drill, bundle: bundle! };
}

describe('between the fault and the recovery', { concurrent: true }, () => {
  test(ended.interrupted, async ({ expect }) => {
    const { drill, bundle } = await inForce();
    interrupted(drill);
    const { code, stdout, stderr } = await drill.ended;
    expect(code, stdout + stderr).toBe(130);
    const undone = timelineOf(bundle).events.flatMap((event) =>
      event.type === 'undo.ended' ? [event.data] : [],
    );
    expect(undone).toHaveLength(faults.length);
    expect(undone.filter(({ ok }) => !ok)).toEqual([]);
    expect(await leftOf([bundle])).toEqual([]);
    expect(await ofStranger()).toMatchObject({ Status: 'paused', StartedAt: asItWas.StartedAt });
  });

  test(ended.killed, async ({ expect }) => {
    const { drill, bundle } = await inForce();
    await killed(drill);
    // Two services, a volume, a network, and helpers that hold the faults.
    expect((await leftOf([bundle])).length).toBeGreaterThan(4);
    expect((await muster(['gc'])).code).toBe(0);
    expect(await leftOf([bundle])).toEqual([]);
    expect(await ofStranger()).toMatchObject({ Status: 'paused', StartedAt: asItWas.StartedAt });
  });
});
