import { pack } from 'tar-stream';
import type { Readable } from 'node:stream';
import { environmentError, messageOf } from '../core/errors.ts';
import { contentsOf } from './image-archive.ts';
import { asImageLabels } from './owner.ts';
import { followed, statusOf, type Runtime } from './runtime.ts';

/**
 * Images that only one drill uses: what it loses, nobody else misses. By their labels they are found again.
 */
export const ownImageTag = (drill: string, service: string): string =>
  `muster-drill/${service.toLowerCase()}:${drill}`;

/**
 * The same image with the drill's labels on it: of its own identity, and sharing every layer. Gives its tag.
 */
export async function makeOwnImage(
  runtime: Runtime,
  { from, tag, labels }: { from: string; tag: string; labels: Record<string, string> },
): Promise<string> {
  const context = pack();
  const marks = Object.entries(asImageLabels(labels)).map(
    ([key, value]) => `${JSON.stringify(key)}=${JSON.stringify(value)}`,
  );
  context.entry({ name: 'Dockerfile' }, `FROM ${from}\nLABEL ${marks.join(' ')}\n`);
  context.finalize();
  const docker = runtime.container.dockerode;
  try {
    await followed(
      docker,
      await docker.buildImage(context as unknown as NodeJS.ReadableStream, { t: tag, forcerm: true }),
    );
  } catch (error) {
    throw environmentError(`no image of the drill's own can be made from ${from}`, {
      found: messageOf(error),
      cause: error,
    });
  }
  return tag;
}

/**
 * Names of an image that it has by a drill: whatever else somebody called it is his. Compose builds under the
 * project's name.
 */
export const isOwnName = (drill: string, name: string): boolean =>
  name.startsWith(`muster-${drill}-`) || (name.startsWith('muster-drill/') && name.endsWith(`:${drill}`));

/** Removes an image by its name or ID, and nothing that it stands on. No error when it is not there. */
export async function removeImage(runtime: Runtime, image: string): Promise<void> {
  const options = { force: true, noprune: true };
  try {
    await runtime.container.dockerode.getImage(image).remove(options);
  } catch (error) {
    if (statusOf(error) !== 404) throw error;
  }
}

/**
 * Has the engine take in an archive as `docker save` writes it. Before that the archive's list of contents is
 * read: it must hold one image, under no other name than the given one, for names in an archive replace those
 * in the engine. Environment error otherwise, and where the image with that ID is not there afterwards.
 */
export async function loadImage(
  runtime: Runtime,
  { id, name, open }: { id: string; name: string; open(): Readable },
): Promise<{ thereBefore: boolean }> {
  const { images, names } = await contentsOf(open());
  const known = [name, `docker.io/${name}`, `docker.io/library/${name}`];
  if (images !== 1 || names.some((one) => !known.includes(one))) {
    throw environmentError('the archive is not the image that was backed up', {
      found: `${images} images: ${names.join(', ') || 'without names'}`,
      expected: `one, ${name}`,
      hint: 'Nothing was loaded.',
    });
  }
  const thereBefore = await imageThere(runtime, id);
  const docker = runtime.container.dockerode;
  try {
    await followed(docker, await docker.loadImage(open()));
  } catch (error) {
    throw environmentError('the engine does not take the image', { found: messageOf(error), cause: error });
  }
  if (!(await imageThere(runtime, id)))
    throw environmentError('the archive holds another image than its manifest says', {
      found: (await idOf(runtime, name)) ?? 'none of that name',
      expected: id,
    });
  return { thereBefore };
}

export const imageThere = async (runtime: Runtime, image: string): Promise<boolean> =>
  (await idOf(runtime, image)) !== null;

/** The engine's ID of an image; null when it is not there. */
export async function idOf(runtime: Runtime, image: string): Promise<string | null> {
  try {
    return (await runtime.container.dockerode.getImage(image).inspect()).Id;
  } catch (error) {
    if (statusOf(error) === 404) return null;
    throw error;
  }
}
