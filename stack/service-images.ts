import type { Service } from '../core/service.ts';
import type { ImageRecord, StackUpOptions } from '../core/stack.ts';
import type { ComposeConfig } from './compose.ts';
import { digestOf, type ChosenImage } from './images.ts';
import { makeOwnImage, ownImageTag } from './own-image.ts';
import type { Runtime } from './runtime.ts';

export const imageOf = (config: ComposeConfig, project: string, name: string): string =>
  config.services[name]!.image ?? `${project}-${name}`;

/** Images of the drill's own, by service. */
export async function ownImages(
  runtime: Runtime,
  { drill, ownSoftware: wanted = [] }: StackUpOptions,
  config: ComposeConfig,
  project: string,
  drillLabels: Record<string, string>,
): Promise<Record<string, string>> {
  const made: Record<string, string> = {};
  for (const name of wanted) {
    if (config.services[name])
      made[name] = await makeOwnImage(runtime, {
        from: imageOf(config, project, name),
        tag: ownImageTag(drill, name),
        labels: drillLabels,
      });
  }
  return made;
}

export async function presentImages(runtime: Runtime, config: ComposeConfig): Promise<Set<string>> {
  const present = new Set<string>();
  for (const { image } of Object.values(config.services))
    if (image && (await digestOf(runtime, image))) present.add(image);
  return present;
}

interface Sources {
  chosen: ReadonlyMap<string, ChosenImage>;
  before: ReadonlySet<string>;
  own: Readonly<Record<string, string>>;
}

/** One of the drill's own is what the service's own image is, with other labels. */
export function imageRecords(
  services: ReadonlyMap<string, Service>,
  config: ComposeConfig,
  { chosen, before, own }: Sources,
): ImageRecord[] {
  const ours = new Map([...chosen.values()].map((image) => [image.reference, image.source]));
  return [...services.values()].map(({ name, image }) => {
    const from = own[name] ? (config.services[name]?.image ?? '') : image.reference;
    return {
      service: name,
      ...image,
      source:
        ours.get(from) ?? (before.has(from) ? 'present' : config.services[name]?.build ? 'built' : 'pulled'),
    };
  });
}
