import type { ContainerCreateOptions } from 'dockerode';
import { actedOnInImages, type ImageMarks } from './image-marks.ts';
import { statusOf, type Runtime } from './runtime.ts';

/** An image as the engine describes it. */
export interface Described {
  Config?: ImageMarks | null;
  Os?: string;
  Architecture?: string;
  /** Such as `v7` of `arm`. */
  Variant?: string;
}

/** Null where the engine does not have it. */
export async function describedBy(runtime: Runtime, image: string): Promise<Described | null> {
  try {
    return await runtime.container.dockerode.getImage(image).inspect();
  } catch (error) {
    if (statusOf(error) === 404) return null;
    throw error;
  }
}

/**
 * What a helper is made of, with neutral values over whatever of its image other programs would act on: the
 * image is a service's, and its labels are the helper's as well.
 */
export async function overItsImage<T extends Pick<ContainerCreateOptions, 'Image' | 'Labels' | 'Env'>>(
  runtime: Runtime,
  settings: T,
): Promise<T> {
  const { Config } = (await describedBy(runtime, settings.Image!)) ?? {};
  const { labels, environment } = actedOnInImages(Config ? [Config] : []).neutral;
  const set = settings.Env ?? [];
  const missing = Object.keys(environment).filter((name) => !set.some((one) => one.startsWith(`${name}=`)));
  return {
    ...settings,
    Labels: { ...labels, ...settings.Labels },
    Env: [...set, ...missing.map((name) => `${name}=${environment[name]}`)],
  };
}
