import type { Readable } from 'node:stream';
import { environmentError, messageOf } from '../core/errors.ts';
import type { Deployment } from '../core/service.ts';
import { imageLabels, labels } from './owner.ts';
import { idOf, imageThere, loadImage, removeImage } from './own-image.ts';
import { statusOf, type Container, type Inspection } from './runtime.ts';
import type { DrillSite } from './drill-site.ts';
import type { Place } from './drill-site.ts';

/**
 * What of a service comes from outside its container: the image that it runs from, and its being there at
 * all. `ours` gives the drill's own container, or rejects.
 */
export function deploymentOf(
  site: DrillSite,
  name: string,
  place: Place,
  ours: () => Promise<Inspection>,
): Deployment {
  const { runtime } = site;
  return {
    image: async () => {
      const { Image, Config } = await ours();
      return { id: Image, name: Config.Image };
    },
    save: async () =>
      (await runtime.container.dockerode.getImage((await ours()).Config.Image).get()) as Readable,
    has: (image) => imageThere(runtime, image),
    load: (image) => loadImage(runtime, image),
    remove: async () => {
      const { Id, Image, Config } = await ours();
      await removed(runtime.container.dockerode.getContainer(Id), name);
      const imageToo = await isOwn(site, Image);
      if (imageToo) await removeImage(runtime, Config.Image);
      return { imageToo };
    },
    deploy: async ({ id, name: image }) => {
      const there = await place.container.inspect().catch((error: unknown) => {
        if (statusOf(error) === 404) return null;
        throw error;
      });
      if ((await idOf(runtime, image)) !== id)
        throw environmentError(`${image} is not the image to deploy`, {
          found: (await idOf(runtime, image)) ?? 'no such image',
          expected: id,
        });
      if (there) await removed(runtime.container.dockerode.getContainer((await ours()).Id), name);
      const container = await site.deploy(name, image);
      const made = await container.inspect();
      if (made.Image !== id || made.Config.Labels?.[labels.drill] !== site.drill) {
        throw environmentError(`${name} does not run what was to be deployed`, {
          found: `${made.Image}, ${labels.drill}=${made.Config.Labels?.[labels.drill] ?? '(none)'}`,
          expected: `${id}, ${labels.drill}=${site.drill}`,
        });
      }
      place.container = container;
      return { container: made.Id };
    },
  };
}

async function removed(container: Container, name: string): Promise<void> {
  try {
    await container.remove({ force: true, v: true });
  } catch (error) {
    if (statusOf(error) !== 404)
      throw environmentError(`the container of ${name} cannot be removed`, {
        found: messageOf(error),
        cause: error,
      });
  }
}

/** An image of the drill's own bears its labels; any other one is somebody else's as well. */
async function isOwn({ runtime, drill, labels: own }: DrillSite, image: string): Promise<boolean> {
  const { Config } = await runtime.container.dockerode.getImage(image).inspect();
  const marks = Config.Labels ?? {};
  return marks[imageLabels.drill] === drill && marks[imageLabels.owner] === own[labels.owner];
}
