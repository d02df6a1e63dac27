import { afterAll, beforeAll, expect, test } from 'vitest';
import { systemClock } from '../../core/clock.ts';
import { MusterError, type MusterError as Refusal } from '../../core/errors.ts';
import type { Stack } from '../../core/stack.ts';
import { createHelper } from '../../stack/helper.ts';
import { createHostSignal } from '../../stack/host-signal.ts';
import { createNetworkTools } from '../../stack/network-tools.ts';
import { currentOwner, labels } from '../../stack/owner.ts';
import { createStackProvider } from '../../stack/provider.ts';
import { getRuntime, type Inspection } from '../../stack/runtime.ts';
import { parts } from './stack-cases.ts';
import { leftOf, smallStack, uniqueDrill } from './small-stack.ts';
import type { DrillSite } from '../../stack/drill-site.ts';

// A service may have one folder of a volume (`subpath`) whose other folders are somebody else's.
const drill = uniqueDrill('subpath');
let stack: Stack;

beforeAll(async () => {
  stack = await createStackProvider({ progress: () => undefined }).up({
    file: await smallStack(),
    drill,
    environment: {},
    progress: () => undefined,
  });
  const { code } = await stack.services
    .get('cache')!
    .exec([
      'sh',
      '-c',
      'mkdir -p /data/own /data/others && echo mine > /data/own/file && echo theirs > /data/others/file',
    ]);
  expect(code).toBe(0);
});
afterAll(async () => {
  await stack?.down();
  expect(await leftOf(drill)).toEqual([]);
});

/**
 * What the engine says of the service, had its mount been of that folder alone: an engine before API 1.45
 * cannot make such a one itself.
 */
async function inspected(folder: string | null): Promise<Inspection> {
  const docker = (await getRuntime()).container.dockerode;
  const [found] = await docker.listContainers({
    filters: { label: [`com.docker.compose.project=muster-${drill}`, 'com.docker.compose.service=cache'] },
  });
  const inspection = await docker.getContainer(found!.Id).inspect();
  const volume = inspection.Mounts.find(({ Destination }) => Destination === '/data')!;
  const part = {
    Type: 'volume',
    Source: volume.Name!,
    Target: '/data',
    VolumeOptions: { Subpath: folder },
  } as never;
  return folder === null
    ? inspection
    : { ...inspection, HostConfig: { ...inspection.HostConfig, Mounts: [part] } };
}

/** What a helper finds below /data; or why there is none. */
async function seenByHelper(folder: string | null): Promise<string> {
  const runtime = await getRuntime();
  const common = {
    runtime,
    labels: { [labels.drill]: drill, [labels.owner]: currentOwner() },
    clock: systemClock,
  };
  const hostSignal = createHostSignal(runtime, [], common.labels);
  const network = createNetworkTools({
    ...common,
    hostSignal,
    image: () => Promise.reject(new Error('nobody needs it')),
  });
  const site: DrillSite = {
    ...common,
    drill,
    secrets: [],
    hostSignal,
    network,
    deploy: () => Promise.reject(new Error('nobody deploys')),
  };
  const helper = await createHelper(site, 'cache', await inspected(folder), {
    network: 'none',
    volumes: true,
  }).catch((error: unknown) => error as Refusal);
  if (helper instanceof MusterError) return helper.message;
  const { stdout } = await helper
    .exec(['sh', '-c', 'cd /data && find . -name file | sort'])
    .finally(() => helper.remove());
  return stdout;
}

const helpers = async (): Promise<string[]> =>
  (await leftOf(drill))
    .filter(({ kind }) => kind === 'container')
    .map(({ name }) => name)
    .sort();

test(parts.own, async () => {
  const before = await helpers();
  expect(await seenByHelper('own')).toMatch(
    /^\.\/file\n$|^no helper can stand in for cache: the engine would give it a whole volume$/,
  );
  expect(await helpers(), 'nothing of it is left').toEqual(before);
});

test(parts.whole, async () => {
  expect(await seenByHelper(null)).toBe('./others/file\n./own/file\n');
});
