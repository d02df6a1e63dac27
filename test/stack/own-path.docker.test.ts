import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { systemClock } from '../../core/clock.ts';
import type { Service } from '../../core/service.ts';
import type { DataFolder } from '../../core/fault.ts';
import { loseConfig } from '../../drivers/nginx/lose-config.ts';
import { serve, type NginxSite } from '../../drivers/nginx/site.ts';
import { damageFile } from '../../faults/file-damage.ts';
import diskFull from '../../faults/storage/disk-full.ts';
import encryptVolume from '../../faults/storage/encrypt-volume.ts';
import wipeVolume from '../../faults/storage/wipe-volume.ts';
import { createHostSignal } from '../../stack/host-signal.ts';
import { imageChoice, provideImages } from '../../stack/images.ts';
import { isThere } from '../../stack/own-path.ts';
import { createNetworkTools } from '../../stack/network-tools.ts';
import { currentOwner, labels } from '../../stack/owner.ts';
import { getRuntime, type Container, type Runtime } from '../../stack/runtime.ts';
import { attachService } from '../../stack/service.ts';
import { marked, removeMarked } from '../../stack/marked.ts';
import { refusingStandIn } from '../../stack/refusing-stand-in.ts';
import type { DrillSite } from '../../stack/drill-site.ts';

const drill = `own-path-${randomBytes(3).toString('hex')}`;
const drillLabels = { [labels.drill]: drill, [labels.owner]: currentOwner() };
const folder = mkdtempSync(join(tmpdir(), 'muster-own-path-'));
const text = 'what the user has\n'.repeat(100);

let runtime: Runtime;
let site: DrillSite;
let container: Container;
let service: Service;

/**
 * A container that bears the drill's labels and still has a folder of the host, as if whatever keeps it away
 * had failed.
 */
beforeAll(async () => {
  writeFileSync(join(folder, 'dump.rdb'), text);
  runtime = await getRuntime();
  const choice = imageChoice(process.env, () => undefined);
  const image = (await provideImages(runtime, new Map([['redis', null]]), choice)).get('redis')!.reference;
  const hostSignal = createHostSignal(runtime, [image], drillLabels);
  const network = createNetworkTools({
    runtime,
    labels: drillLabels,
    hostSignal,
    clock: systemClock,
    image: async () => image,
  });
  const deploy = (): never => {
    throw new Error('not asked for');
  };
  site = {
    runtime,
    drill,
    labels: drillLabels,
    hostSignal,
    network,
    secrets: [],
    clock: systemClock,
    deploy,
  };
  const docker = runtime.container.dockerode;
  await docker.createVolume({ Name: `${drill}-own`, Labels: drillLabels });
  // Not in memory, whatever it says: the kernel binds the folder.
  await docker.createVolume({
    Name: `${drill}-bound`,
    Labels: drillLabels,
    Driver: 'local',
    DriverOpts: { type: 'tmpfs', o: 'bind', device: folder },
  });
  container = await docker.createContainer({
    Image: image,
    Entrypoint: ['sh', '-c'],
    Cmd: ['ln -s /data /link; ln -s /data/dump.rdb /own/link; exec sleep 3600'],
    Labels: drillLabels,
    User: '0',
    HostConfig: {
      Binds: [`${folder}:/data`, `${drill}-own:/own`, `${folder}:/own/nested/deep`, `${drill}-bound:/bound`],
    },
  });
  await container.start();
  // Its own process makes them, and on a busy machine some time after its start.
  await vi.waitFor(
    async () => {
      if (!(await isThere(container, '/link')) || !(await isThere(container, '/own/link')))
        throw new Error('its links are not there yet');
    },
    { timeout: 60_000, interval: 50 },
  );
  service = await attachService(site, 'db', container);
}, 120_000);

afterAll(async () => {
  await removeMarked(runtime, () =>
    marked(
      runtime,
      Object.entries(drillLabels).map(([key, value]) => `${key}=${value}`),
    ),
  );
  rmSync(folder, { recursive: true, force: true });
}, 60_000);

/** It says that it is on a volume, so that only the question about the path is left to refuse it. */
const once = { seed: 1 };
const claiming = (where: string): DataFolder => ({
  service: { ...service, mounts: [{ volume: 'x', path: where, anonymous: false }] },
  folder: where,
  file: async () => `${where}/dump.rdb`,
  restartBy: () => 'stop',
});
const seed = 1;
const nginx = (config: { configFile: string; certificate: string }): NginxSite =>
  ({ service, config }) as unknown as NginxSite;

describe("a folder of the host that is in the drill's own container all the same", {
  timeout: 60_000,
}, () => {
  test.each<[string, () => Promise<unknown>]>([
    [
      'flip bits',
      () => damageFile(claiming('/data'), { file: 'data', how: 'flip-bits', bits: 8, restart: false, seed }),
    ],
    [
      'truncate',
      () => damageFile(claiming('/data'), { file: 'data', how: 'truncate', keep: 0, restart: false, seed }),
    ],
    ['delete', () => damageFile(claiming('/data'), { file: 'data', how: 'delete', restart: false, seed })],
    [
      'delete by a link',
      () => damageFile(claiming('/link'), { file: 'data', how: 'delete', restart: false, seed }),
    ],
    ['wipe', () => wipeVolume.inject(claiming('/data'), {}, once)],
    ['wipe what a volume binds', () => wipeVolume.inject(claiming('/bound'), {}, once)],
    ['fill the disk', () => diskFull.inject(claiming('/data'), {}, once)],
    ['encrypt', () => encryptVolume.inject(claiming('/data'), {}, once)],
    ['encrypt a folder with another below it', () => encryptVolume.inject(claiming('/own'), {}, once)],
    [
      "empty nginx's configuration",
      () => loseConfig(nginx({ configFile: '/data/dump.rdb', certificate: '/own/cert' })),
    ],
    [
      'show another certificate',
      () => serve(nginx({ configFile: '/own/conf', certificate: '/data/dump.rdb' }), 'another'),
    ],
    ['put a file', () => service.putFile('/data/dump.rdb', 'gone')],
    ['put a file by a link', () => service.putFile('/link/dump.rdb', 'gone')],
    [
      'lose the region',
      async () => {
        const aimed = await refusingStandIn(site, {
          name: 'db',
          container,
          found: await container.inspect(),
        });
        try {
          await aimed.strike();
        } finally {
          await aimed.release();
        }
      },
    ],
    ['a helper with its volumes', () => service.helper({ network: 'none', volumes: true })],
  ])('%s: refused, and nothing changed', async (_, act) => {
    await expect(act()).rejects.toMatchObject({ trouble: 'environment' });
    expect(readFileSync(join(folder, 'dump.rdb'), 'utf8')).toBe(text);
  });

  test.each([
    '/data',
    '/data/',
    '/data/dump.rdb',
    '/link',
    '/link/dump.rdb',
    '/own',
    '/own/link',
    '/bound/dump.rdb',
    '/',
    'data',
    '/x/../data',
  ])("%s is not the drill's own", async (path) => {
    await expect(service.assertOwnPath(path)).rejects.toMatchObject({ trouble: 'environment' });
  });

  test.each(['/etc', '/own/other', '/tmp/x'])('%s is', async (path) => {
    await expect(service.assertOwnPath(path)).resolves.toBeUndefined();
  });
});
