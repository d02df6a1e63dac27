import type { Service } from '../core/service.ts';
import type { ImageRecord, StackUpOptions } from '../core/stack.ts';
import type { Place } from '../core/errors.ts';
import { ofOtherPlatform, otherPlatform, type Wanted } from './image-platform.ts';
import type { MovedService } from './moved-shape.ts';
import { assertContextsAreOwn, assertNotBuiltFromBuilt } from './built-from.ts';
import { buildsOf, namesOf, type Builds } from './builds.ts';
import { composeConfig, type ComposeConfig, type ComposeRun } from './compose.ts';
import { digestOf, type ChosenImage } from './images.ts';
import { makeOwnImage, ownImageTag } from './own-image.ts';
import type { Runtime } from './runtime.ts';

/** Empty for a service without any, such as a provider. */
export const imageOf = (config: ComposeConfig, { own }: Builds, name: string): string =>
  own[name] ?? config.services[name]!.image ?? '';

/** What a service runs from, where it has an image, and each of its hooks that runs before it. */
export function wantedBy(config: ComposeConfig, service: string, own: string): Wanted[] {
  const { platform, ...rest } = config.services[service]!;
  const { pre_start: before = [] } = rest as MovedService;
  const hooks = before.map((hook) => ({ image: hook.image ?? '', platform: hook.platform ?? platform }));
  return [{ image: own, platform }, ...hooks].filter(({ image }) => image !== '');
}

/**
 * What the engine has of the images of `config`, and what is built for the drill. `alone`: services whose
 * image nobody else may run from. Environment error where a build would stand on an image that is not there,
 * and where one that is not built is there for another platform alone.
 */
export async function ownBuilds(
  runtime: Runtime,
  run: ComposeRun,
  config: ComposeConfig,
  alone: readonly string[],
  place: (service: string, path: readonly string[]) => Place,
): Promise<{ before: Set<string>; builds: Builds }> {
  const before = await presentImages(runtime, config);
  const ofOther = await ofOtherPlatform(runtime, run, config);
  const isThere = ([name, { image }]: [string, { image?: string }]): boolean =>
    image !== undefined && before.has(image) && !ofOther.has(name);
  const { labels, project } = run;
  const naming = { project, labels, present: before, alone, ofOther };
  if (Object.entries(config.services).every(isThere))
    return { before, builds: buildsOf(config, config, naming) };
  // A service that the drill leaves out may build what another one runs from.
  const environment = { ...run.environment, COMPOSE_PROFILES: '*' };
  // Without those that nobody asked for and that Compose refuses, for want of a file of theirs, say.
  const all = await composeConfig({ ...run, environment }).catch(async () => composeConfig(run));
  const builds = buildsOf(config, all, naming);
  for (const [name, found] of ofOther) {
    const { image = '', platform } = config.services[name]!;
    if (builds.own[name] === undefined)
      throw otherPlatform(name, { image, platform }, found, place(name, ['platform']));
  }
  assertContextsAreOwn(all, builds, place);
  await assertNotBuiltFromBuilt(all, builds, await presentImages(runtime, all), place);
  return { before, builds };
}

/** Images of the drill's own, by service; what is built for it is that already. */
export async function ownImages(
  runtime: Runtime,
  { drill, ownSoftware: wanted = [] }: StackUpOptions,
  config: ComposeConfig,
  builds: Builds,
  drillLabels: Record<string, string>,
): Promise<Record<string, string>> {
  const made: Record<string, string> = {};
  for (const name of wanted) {
    if (config.services[name] && builds.own[name] === undefined)
      made[name] = await makeOwnImage(runtime, {
        from: imageOf(config, builds, name),
        tag: ownImageTag(drill, name),
        labels: drillLabels,
      });
  }
  return made;
}

async function presentImages(runtime: Runtime, config: ComposeConfig): Promise<Set<string>> {
  const present = new Set<string>();
  for (const service of Object.values(config.services))
    for (const image of new Set([service.image ?? '', ...namesOf(service)]))
      if (image !== '' && (await digestOf(runtime, image))) present.add(image);
  return present;
}

interface Sources {
  chosen: ReadonlyMap<string, ChosenImage>;
  before: ReadonlySet<string>;
  own: Readonly<Record<string, string>>;
  builds: Builds;
}

/** One of the drill's own is what the service's own image is, with other labels. */
export function imageRecords(
  services: ReadonlyMap<string, Service>,
  config: ComposeConfig,
  { chosen, before, own, builds }: Sources,
): ImageRecord[] {
  const ours = new Map([...chosen.values()].map((image) => [image.reference, image.source]));
  return [...services.values()].map(({ name, image }) => {
    const from = own[name] ? (config.services[name]?.image ?? '') : image.reference;
    return {
      service: name,
      ...image,
      source: ours.get(from) ?? (before.has(from) ? 'present' : builds.own[name] ? 'built' : 'pulled'),
    };
  });
}
