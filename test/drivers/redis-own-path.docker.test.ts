import { createHash, randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { chmod, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { systemClock } from '../../core/clock.ts';
import type { Attached } from '../../core/driver.ts';
import redisDriver from '../../drivers/redis/index.ts';
import { createHostSignal } from '../../stack/host-signal.ts';
import { createNetworkTools } from '../../stack/network-tools.ts';
import { currentOwner, labels } from '../../stack/owner.ts';
import { getRuntime, type Container } from '../../stack/runtime.ts';
import { attachService } from '../../stack/service.ts';
import { createReceiver, recordingContext, takeBackup, type Receiver } from '../suites/artifact.ts';
import { redisStackUp, type RedisStack } from './redis-stack.ts';
import { declaredAs } from '../support/existing-rig.ts';
import { suffer } from '../support/suffer.ts';
import { attachTo } from '../support/attach-to.ts';

/** A server that carries the drill's labels, and whose data folder is a folder of this machine. */
let stack: RedisStack;
let container: Container;
let folder: string;
let attached: Attached;
let receivers: { rdb: Receiver; aof: Receiver };
const points: Record<string, Parameters<Receiver['artifact']>[1]> = {};

beforeAll(async () => {
  stack = await redisStackUp();
  folder = await mkdtemp(join(tmpdir(), 'muster-foreign-'));
  await chmod(folder, 0o777);
  const runtime = await getRuntime();
  const drill = `foreign-${randomBytes(3).toString('hex')}`;
  const drillLabels = { [labels.drill]: drill, [labels.owner]: currentOwner() };
  const image = stack.service('redis').image.reference;
  container = await runtime.container.create({
    Image: image,
    Cmd: ['redis-server', '--appendonly', 'yes', '--appendfsync', 'always', '--save', '900 1'],
    Labels: drillLabels,
    ExposedPorts: { '6379/tcp': {} },
    HostConfig: {
      Binds: [`${folder}:/data`],
      PortBindings: { '6379/tcp': [{ HostIp: '127.0.0.1', HostPort: '' }] },
    },
  });
  await container.start();
  const common = {
    runtime,
    labels: drillLabels,
    hostSignal: createHostSignal(runtime, [], {}),
    clock: systemClock,
  };
  const deploy = (): Promise<never> => Promise.reject(new Error('nothing is deployed here'));
  const site = {
    ...common,
    drill,
    secrets: [],
    deploy,
    network: createNetworkTools({ ...common, image: async () => image }),
  };
  const service = await attachService(site, 'foreign', container);
  attached = await attachTo(redisDriver, {
    component: 'foreign',
    service,
    peer: (name) => stack.service(name as 'redis'),
  });
  receivers = { rdb: await createReceiver(), aof: await createReceiver() };
  for (const name of ['rdb', 'aof'] as const)
    points[name] = await takeBackup(attached.backups[name]!, receivers[name], {});
});

afterAll(async () => {
  await attached?.close();
  await container?.remove({ force: true, v: true });
  await receivers?.rdb.remove();
  await receivers?.aof.remove();
  if (folder) await rm(folder, { recursive: true, force: true });
  await stack?.down();
});

/** Names and content of every file of the folder. */
async function digestOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  const entries = await readdir(path, { recursive: true, withFileTypes: true });
  const files = entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
  for (const file of files)
    hash
      .update(file)
      .update('\0')
      .update(await readFile(file))
      .update('\0');
  return `${files.length} files, ${hash.digest('hex')}`;
}

const restore = (name: 'rdb' | 'aof', options: Record<string, unknown> = {}): Promise<unknown> =>
  attached.backups[name]!.restore!(
    receivers[name].artifact(name, points[name]!),
    recordingContext([], options),
  );

const ofOthers = async (format: string): Promise<unknown> => {
  const said = { tool: null, server: null, database: null, madeAt: null };
  const [file] = receivers.rdb.artifact('rdb', points['rdb']!).files;
  return (await attached.existing())!.restore(
    createReadStream(file!.path),
    { is: 'ours', format, said },
    { ...recordingContext(), declared: declaredAs() },
  );
};

describe('data in a folder of the host, whoever put it into a container of the drill, is not touched by', () => {
  test.for<[string, () => Promise<unknown>]>([
    ['wipe-volume', () => suffer(attached, 'wipe-volume')],
    ['flush-all', () => suffer(attached, 'flush-all')],
    ['a snapshot preloaded', () => restore('rdb', { order: 'preload' })],
    ['a snapshot as the base', () => restore('rdb', { order: 'base' })],
    ['a snapshot copied', () => restore('rdb', { order: 'copy' })],
    ['an append-only file', () => restore('aof')],
    ['the emptying of a sandbox', async () => (await attached.existing())!.empty(declaredAs())],
    ['a snapshot of others', () => ofOthers('RDB 12')],
    ['a data folder of others', () => ofOthers('data folder')],
    ['replicate', () => attached.actions['replicate']!({ source: 'redis' })],
    ['rejoin', () => attached.actions['rejoin']!({ source: 'redis' })],
  ])('%s', async ([, act]) => {
    const before = await digestOf(folder);
    const { StartedAt } = (await container.inspect()).State;
    await expect(act()).rejects.toMatchObject({
      trouble: 'environment',
      message: expect.stringContaining('refusing to touch /data of foreign'),
    });
    expect(await digestOf(folder)).toBe(before);
    expect((await container.inspect()).State).toMatchObject({ Running: true, StartedAt });
  });
});
