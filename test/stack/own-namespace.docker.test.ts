import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { systemClock } from '../../core/clock.ts';
import memoryLimit from '../../faults/container/memory-limit.ts';
import { blackhole } from '../../stack/blackhole.ts';
import { imageChoice, provideImages } from '../../stack/images.ts';
import type { DrillSite } from '../../stack/drill-site.ts';
import type { AimedMember, Member } from '../../stack/lost-member.ts';
import { getRuntime } from '../../stack/runtime.ts';
import { attachService } from '../../stack/service.ts';
import { marked, removeMarked } from '../../stack/marked.ts';
import { refusingStandIn } from '../../stack/refusing-stand-in.ts';
import { drillSite } from './drill-site.ts';
import { uniqueDrill } from './small-stack.ts';

const drill = uniqueDrill('own-network');
const another = uniqueDrill('another');
let image: string;
let site: DrillSite;
let foreign: DrillSite;

/** A container that only waits, in that network, as a member of a region. */
async function waiting({ runtime, labels }: DrillSite, name: string, host: object): Promise<Member> {
  const settings = { Image: image, Entrypoint: ['sleep'], Cmd: ['3600'], Labels: labels };
  const container = await runtime.container.dockerode.createContainer({
    ...settings,
    HostConfig: { Init: true, ...host },
  });
  await container.start();
  return { name, container, found: await container.inspect() };
}

beforeAll(async () => {
  const runtime = await getRuntime();
  const choice = imageChoice(process.env, () => undefined);
  image = (await provideImages(runtime, new Map([['nftables', null]]), choice)).get('nftables')!.reference;
  site = await drillSite(drill, image);
  foreign = await drillSite(another, image);
  await runtime.container.dockerode.createVolume({ Name: `${drill}-shm`, Labels: site.labels });
}, 300_000);

afterAll(async () => {
  for (const { runtime, labels } of [site, foreign])
    await removeMarked(runtime, () =>
      marked(
        runtime,
        Object.entries(labels).map(([key, value]) => `${key}=${value}`),
      ),
    );
}, 60_000);

// Aimed only, and never struck: what a test of that would show is a machine without a network.
const aimed = async (member: Member): Promise<AimedMember[]> => [
  await blackhole(site, member),
  await refusingStandIn(site, member),
];

describe('packets are filtered in a network of the drill alone', { timeout: 120_000 }, () => {
  test("and never in the host's, although the strategy lets the service have it", async () => {
    const agent = await waiting(site, 'agent', { NetworkMode: 'host' });
    const refusal = {
      trouble: 'environment',
      message: "refusing to touch the network of agent: it is not this drill's",
      found: 'network_mode: host',
    };
    await expect(blackhole(site, agent)).rejects.toMatchObject(refusal);
    await expect(refusingStandIn(site, agent)).rejects.toMatchObject(refusal);
    await expect(site.network.inside(agent.container.id, 'agent')).rejects.toMatchObject(refusal);
  });

  test("nor in that of a container which is not the drill's", async () => {
    const theirs = await waiting(foreign, 'theirs', {});
    const guest = await waiting(site, 'guest', { NetworkMode: `container:${theirs.container.id}` });
    await expect(blackhole(site, guest)).rejects.toThrow("network of guest: it is not this drill's");
  });

  test("but in that of another service of the drill's", async () => {
    const owner = await waiting(site, 'owner', {});
    const sidecar = await waiting(site, 'sidecar', { NetworkMode: `container:${owner.container.id}` });
    for (const member of [owner, sidecar]) for (const one of await aimed(member)) await one.release();
  });
});

describe('shared memory', { timeout: 120_000 }, () => {
  const filled = async (from: DrillSite, host: object): Promise<void> => {
    const { name, container } = await waiting(from, 'worker', host);
    const service = await attachService(from, name, container);
    await service.assertOwnPath('/dev/shm');
  };

  test("is the drill's own, or nothing is put there", async () => {
    const refusal = "shared memory of worker: it is not this drill's";
    await expect(filled(site, { IpcMode: 'host' })).rejects.toThrow(refusal);
    const theirs = await waiting(foreign, 'theirs', { IpcMode: 'shareable' });
    await expect(filled(site, { IpcMode: `container:${theirs.container.id}` })).rejects.toThrow(refusal);
    const owner = await waiting(site, 'owner', { IpcMode: 'shareable' });
    await filled(site, { IpcMode: `container:${owner.container.id}` });
    await filled(site, {});
  });

  test('a volume there is no memory: it would only grow on the disk', async () => {
    const { name, container } = await waiting(site, 'worker', { Binds: [`${drill}-shm:/dev/shm`] });
    const service = await attachService(site, name, container);
    await expect(memoryLimit.inject({ service, clock: systemClock }, {}, { seed: 1 })).rejects.toMatchObject({
      trouble: 'environment',
      found: 'a volume at /dev/shm',
    });
  });
});
