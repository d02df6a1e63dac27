import { execFile } from 'node:child_process';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Stack } from '../../core/stack.ts';
import { noRules } from '../../stack/containment.ts';
import { imageChoice, provideImages } from '../../stack/images.ts';
import { labels } from '../../stack/owner.ts';
import { containAhead } from '../../stack/plan-containment.ts';
import { createStackProvider } from '../../stack/provider.ts';
import { dockerHost, getRuntime, type Runtime } from '../../stack/runtime.ts';
import { builtImage } from '../support/built-image.ts';
import { composeRunsFor, containerOf, leftOf, uniqueDrill } from './small-stack.ts';

const progress = (): void => undefined;
const provider = createStackProvider({ progress });
const mark = `image-marks-${process.pid}`;
/** The user has all but the last. */
const present = `${mark}:present`;
const plain = `${mark}:plain`;
const onSight = `${mark}:on-sight`;
const absent = `${mark}:absent`;

const acted = `LABEL traefik.enable=true traefik.http.routers.shop.rule=x com.centurylinklabs.watchtower.enable=true \
ofelia.enabled=true ofelia.job-exec.a.schedule=@daily docker-volume-backup.stop-during-backup=true
ENV VIRTUAL_HOST=shop.example LETSENCRYPT_HOST=shop.example KEPT=as-it-is`;
const neutral = {
  'traefik.enable': 'false',
  'traefik.http.routers.shop.rule': '',
  'com.centurylinklabs.watchtower.enable': 'false',
  'ofelia.enabled': 'false',
  'ofelia.job-exec.a.schedule': '',
  'docker-volume-backup.stop-during-backup': '',
};
const sleeping = 'init: true, command: [sleep, infinity]';

let runtime: Runtime;
let redis: string;
const stacks: Stack[] = [];

const fileOf = async (...services: string[]): Promise<string> => {
  const file = join(await mkdtemp(join(tmpdir(), 'muster-image-marks-')), 'compose.yml');
  await writeFile(file, `services:\n${services.map((one) => `  ${one}\n`).join('')}`);
  return file;
};
async function up(drill: string, file: string): Promise<Stack> {
  const stack = await provider.up({ file, drill, environment: {}, progress });
  stacks.push(stack);
  return stack;
}
const inline = (): string => JSON.stringify(`FROM ${redis}\n${acted}\n`);
const planned = async (file: string): Promise<readonly string[]> =>
  (await containAhead({ file, profiles: [], host: { ...noRules, egress: 'closed' } }))!.moved;

beforeAll(async () => {
  runtime = await getRuntime();
  const choice = imageChoice(process.env, progress);
  redis = (await provideImages(runtime, new Map([['redis', 'redis:8.0.2']]), choice)).get('redis')!.reference;
  await builtImage(`FROM ${redis}\n${acted}\n`, present);
  await builtImage(`FROM ${redis}\nLABEL org.opencontainers.image.title=shop\nENV KEPT=a\n`, plain);
  await builtImage(`FROM ${redis}\nLABEL caddy=shop.example\n`, onSight);
}, 300_000);
afterAll(async () => {
  await Promise.all(stacks.map((stack) => stack.down()));
  for (const name of [present, plain, onSight])
    await runtime.container.dockerode.getImage(name).remove({ force: true });
}, 120_000);

/** Labels of each container of a drill, as the engine told everybody at each of its events. */
async function toldOf(drill: string, since: number): Promise<Record<string, string>[]> {
  const label = `${labels.drill}=${drill}`;
  const until = Math.floor(Date.now() / 1000) + 1;
  const events = await promisify(execFile)('docker', [
    ...['events', '--since', String(since), '--until', String(until), '--format', '{{json .}}'],
    ...['--filter', 'type=container', '--filter', 'event=create', '--filter', 'event=start'],
    ...['--filter', `label=${label}`],
  ]);
  return events.stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => (JSON.parse(line) as { Actor: { Attributes: Record<string, string> } }).Actor.Attributes);
}

test('labels and variables of images reach no container of a drill, nor of its scripts', {
  timeout: 300_000,
}, async () => {
  const since = Math.floor(Date.now() / 1000);
  const file = await fileOf(
    `there: { image: "${present}", labels: { traefik.enable: "false" }, ${sleeping} }`,
    `built: { build: { dockerfile_inline: ${inline()} }, environment: { VIRTUAL_HOST: of.file }, ${sleeping} }`,
    `named: { image: "${absent}", build: { dockerfile_inline: ${inline()} }, ${sleeping} }`,
    `shares: { image: "${absent}", ${sleeping} }`,
  );
  const drill = uniqueDrill(mark);
  const stack = await up(drill, file);
  for (const service of ['there', 'built', 'named', 'shares']) {
    const { Config } = await (await containerOf(drill, service)).inspect();
    expect([service, Config.Labels]).toEqual([service, expect.objectContaining(neutral)]);
    expect([service, Config.Env]).toEqual([
      service,
      expect.arrayContaining(['VIRTUAL_HOST=', 'LETSENCRYPT_HOST=', 'KEPT=as-it-is']),
    ]);
    expect(stack.contained).toContainEqual(
      expect.stringMatching(new RegExp(`^labels of the image of ${service}: without effect`)),
    );
  }
  const helper = await stack.services.get('there')!.helper({ network: 'stack' });
  expect((await helper.exec(['printenv'])).stdout).toMatch(/^VIRTUAL_HOST=$/m);
  await helper.remove();
  const files = await stack.composeFiles();
  const args = ['compose', ...files.flatMap((one) => ['-f', one]), '-p', stack.project];
  const env = { ...process.env, DOCKER_HOST: dockerHost(runtime) };
  const compose = async (...more: string[]): Promise<string> =>
    (await promisify(execFile)('docker', [...args, ...more], { env })).stdout;
  await compose('up', '-d', '--build', '--force-recreate', '--no-deps', 'built', 'there');
  expect(await compose('run', '--rm', '--no-deps', 'there', 'printenv')).toMatch(/^VIRTUAL_HOST=$/m);
  const told = await toldOf(drill, since);
  expect(told.length).toBeGreaterThanOrEqual(14);
  for (const attributes of told) expect(attributes).toMatchObject(neutral);
});

test('one that is acted on whatever it says is refused before anything starts', async () => {
  const file = await fileOf(`web: { image: "${onSight}", ${sleeping} }`);
  const drill = uniqueDrill(mark);
  const since = Math.floor(Date.now() / 1000);
  const refused = /another program would act on the drill's container of web/;
  await expect(up(drill, file)).rejects.toThrow(refused);
  expect(await toldOf(drill, since)).toEqual([]);
  expect(await leftOf(drill)).toEqual([]);
  await expect(planned(file)).rejects.toThrow(refused);
});

test('a drill that is ended while its image is built leaves nothing, and waits for no build', {
  timeout: 60_000,
}, async () => {
  const slow = JSON.stringify(`FROM ${redis}\nRUN sleep 50\n`);
  const file = await fileOf(`web: { build: { dockerfile_inline: ${slow} }, ${sleeping} }`);
  const drill = uniqueDrill(mark);
  const ended = new AbortController();
  const starting = provider.up({ file, drill, environment: {}, progress, signal: ended.signal });
  await expect.poll(() => composeRunsFor(drill), { timeout: 20_000, interval: 50 }).toBe(true);
  ended.abort(new Error('ended'));
  await expect(starting).rejects.toThrow('ended');
  expect(composeRunsFor(drill)).toBe(false);
  expect(await leftOf(drill)).toEqual([]);
});

test('an image that says what it is has its labels and variables', { timeout: 120_000 }, async () => {
  const file = await fileOf(`web: { image: "${plain}", ${sleeping} }`);
  const drill = uniqueDrill(mark);
  const stack = await up(drill, file);
  const { Config } = await (await containerOf(drill, 'web')).inspect();
  expect(Config.Labels).toMatchObject({ 'org.opencontainers.image.title': 'shop' });
  expect(Config.Env).toContain('KEPT=a');
  const lines = [...stack.contained, ...(await planned(file))];
  expect(lines.filter((line) => /of (the image|images)/.test(line))).toEqual([]);
});

test('plan says what of an image is without effect, and what is looked at later', async () => {
  const file = await fileOf(
    `there: { image: "${present}" }`,
    `named: { image: "${absent}", build: { dockerfile_inline: ${inline()} } }`,
    `built: { build: { dockerfile_inline: ${inline()} } }`,
  );
  const lines = (await planned(file)).filter((line) => /\bimages? /.test(line));
  expect(lines).toEqual(
    expect.arrayContaining([
      'labels of the image of there: without effect, other programs act on such (com.centurylinklabs.watchtower.enable, docker-volume-backup.stop-during-backup, ofelia.enabled and 3 more)',
      'LETSENCRYPT_HOST, VIRTUAL_HOST of the image of there: empty, a reverse proxy on this machine acts on it',
      `labels and variables of images that are not there yet (what built is built as, ${absent}): looked at before anything starts`,
    ]),
  );
});
