import { statusOf, type Docker } from './runtime.ts';

/**
 * Whether a container has a name by a drill, as all that Compose makes of its project do, also while it makes
 * one anew: the new one has twelve digits of the ID of the old one before its name until that is gone.
 */
export const hasNameOf = (drill: string, names: readonly string[]): boolean =>
  names.some((name) => name.replace(/^\/?(?:[0-9a-f]{12}_)?/, '').startsWith(`muster-${drill}-`));

/** Labels that a container of an image has by that alone; null where the engine no longer has the image. */
export async function labelsOfImage(docker: Docker, id: string): Promise<Record<string, string> | null> {
  try {
    return (await docker.getImage(id).inspect()).Config?.Labels ?? {};
  } catch (error) {
    if (statusOf(error) === 404) return null;
    throw error;
  }
}
