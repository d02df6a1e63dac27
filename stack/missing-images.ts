import { environmentError, MusterError, type Place } from '../core/errors.ts';
import type { Builds } from './builds.ts';
import type { ComposeConfig } from './compose.ts';
import { digestOf } from './images.ts';
import { recipeNames, variableOf } from './recipes.ts';
import type { Runtime } from './runtime.ts';

export interface Asked {
  runtime: Runtime;
  config: ComposeConfig;
  builds: Builds;
  /** Folder of the recipes. */
  recipes: string;
  place(service: string, path: readonly string[]): Place;
}

/**
 * The recipe of an official image, by its reference: `redis` of `docker.io/library/redis:8.0.2`; null where
 * there is none.
 */
export function recipeOf(reference: string, recipes: readonly string[]): string | null {
  const [, name] =
    /^(?:docker\.io\/)?(?:library\/|ghcr\.io\/shopify\/)?([^/:@]+)(?:[:@].*)?$/.exec(reference) ?? [];
  return name !== undefined && recipes.includes(name) ? name : null;
}

/**
 * Why a stack did not come up, where images of its services are not in the engine: an environment error with
 * each image, the line of the first and what helps. Any other error as it is.
 */
export async function namingImages(
  error: unknown,
  { runtime, config, builds, recipes, place }: Asked,
): Promise<unknown> {
  if (!(error instanceof MusterError) || error.trouble !== 'environment') return error;
  const missing: { service: string; image: string }[] = [];
  for (const [service, { image }] of Object.entries(config.services)) {
    if (image && !builds.own[service] && (await digestOf(runtime, image)) === null)
      missing.push({ service, image });
  }
  const [first] = missing;
  if (!first) return error;
  const recipe = recipeOf(first.image, await recipeNames(recipes));
  return environmentError(
    `${missing.map(({ service, image }) => `image ${image} of ${service}`).join(', ')} cannot be pulled`,
    {
      at: place(first.service, ['image']),
      found: error.found,
      expected: 'an image that the engine has, or that its registry gives',
      hint: recipe
        ? `write image: \${${variableOf(recipe)}:-${first.image}} and Muster builds an equivalent where no registry answers`
        : 'where no registry answers, bring it here by `docker save` and `docker load`',
      cause: error,
    },
  );
}
