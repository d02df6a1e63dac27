import { environmentError, inputError } from '../core/errors.ts';
import { longMs } from './deadline.ts';
import { systemClock } from '../core/clock.ts';
import { withDeadline } from '../core/deadline.ts';
import { inMirror, pull, registryAnswers } from './registry.ts';
import {
  appEntry,
  build,
  nameOf,
  parentsOf,
  recipeNames,
  recipesFolder,
  tagOf,
  variableOf,
  type ImageRecipes,
} from './recipes.ts';
import { statusOf, type Runtime } from './runtime.ts';

export type ImageSource = 'pulled' | 'built' | 'present';
export interface ChosenImage {
  name: string;
  reference: string;
  digest: string;
  source: ImageSource;
}

export interface ImageChoice {
  /** `auto`: what is there, else the registry if it answers, else build. */
  mode: 'auto' | 'pull' | 'build';
  /** `host:port` of a mirror that keeps the official names; null for the official registries. */
  mirror: string | null;
  recipes: ImageRecipes;
  registryDeadlineMs: number;
}

/** The choice that MUSTER_IMAGES and MUSTER_REGISTRY make. Input error for any other mode. */
export function imageChoice(
  env: Readonly<Record<string, string | undefined>>,
  progress: (line: string) => void,
  overrides: Partial<ImageRecipes> = {},
): ImageChoice {
  const mode = env['MUSTER_IMAGES'] || 'auto';
  if (mode !== 'auto' && mode !== 'pull' && mode !== 'build') {
    throw inputError('MUSTER_IMAGES is not one of its values', {
      found: mode,
      expected: 'auto, pull or build',
    });
  }
  const recipes = { folder: recipesFolder, appEntry, progress, ...overrides };
  return { mode, mirror: env['MUSTER_REGISTRY'] || null, recipes, registryDeadlineMs: 5_000 };
}

/**
 * Images that a compose file leaves to us: `${MUSTER_IMAGE_REDIS:-redis:8.0.2}` is name `redis` and its
 * official reference.
 */
export function imagesWanted(composeText: string): Map<string, string | null> {
  const found = new Map<string, string | null>();
  for (const [, variable, official] of composeText.matchAll(/\$\{(MUSTER_IMAGE_\w+)(?::?-([^}]+))?\}/g)) {
    found.set(nameOf(variable!), official && !official.startsWith('muster/') ? official : null);
  }
  return found;
}

/**
 * Makes sure that every wanted image is in the engine, and says which reference to use for each and where it
 * came from. Raises an environment error when an image can neither be pulled nor built, an input error for a
 * name without a recipe.
 */
export async function provideImages(
  runtime: Runtime,
  wanted: ReadonlyMap<string, string | null>,
  choice: ImageChoice,
): Promise<Map<string, ChosenImage>> {
  const known = await recipeNames(choice.recipes.folder);
  for (const name of wanted.keys()) {
    if (!known.includes(name))
      throw inputError(`no recipe for ${variableOf(name)}`, {
        found: name,
        expected: `one of ${known.join(', ')}`,
      });
  }
  const work: Work = { runtime, choice, chosen: new Map() };
  for (const [name, official] of wanted) await provide(work, name, official);
  return new Map([...work.chosen].filter(([name]) => wanted.has(name)));
}

interface Work {
  runtime: Runtime;
  choice: ImageChoice;
  chosen: Map<string, ChosenImage>;
}

async function provide(work: Work, name: string, official: string | null): Promise<ChosenImage> {
  const earlier = work.chosen.get(name);
  if (earlier) return earlier;
  const image = (await fetched(work, name, official)) ?? (await built(work, name));
  work.chosen.set(name, image);
  return image;
}

/** The official image, where the choice allows it and it can be had; null when it is to be built. */
async function fetched(work: Work, name: string, official: string | null): Promise<ChosenImage | null> {
  const { runtime, choice } = work;
  if (!official || choice.mode === 'build') return null;
  const reference = inMirror(official, choice.mirror);
  const there = await digestOf(runtime, reference);
  if (there) return { name, reference, digest: there, source: 'present' };
  if (choice.mode === 'auto') {
    // An equivalent built earlier spares the question to the registry, which takes seconds where none
    // answers.
    if (!choice.mirror && (await digestOf(runtime, await recipeTag(work, name)))) return null;
    const answer = await registryAnswers(runtime.container.dockerode, reference, choice.registryDeadlineMs);
    if (!answer.ok) {
      choice.recipes.progress(`${reference} is not to be had (${answer.why}): building an equivalent`);
      return null;
    }
  }
  await pull(runtime.container.dockerode, reference, choice.recipes.progress);
  return { name, reference, digest: await recordedDigest(runtime, reference), source: 'pulled' };
}

async function built(work: Work, name: string): Promise<ChosenImage> {
  const { runtime, choice } = work;
  const tag = await recipeTag(work, name);
  if (!(await digestOf(runtime, tag))) {
    const parents = new Map<string, string>();
    for (const parent of await parentsOf(name, choice.recipes))
      parents.set(parent.name, (await provide(work, parent.name, parent.official)).reference);
    await withDeadline(
      systemClock,
      `building ${tag}`,
      longMs,
      build(runtime, name, tag, parents, choice.recipes),
    );
  }
  return { name, reference: tag, digest: await recordedDigest(runtime, tag), source: 'built' };
}

/**
 * A recipe's tag without building it, or the bases that it stands on: those are needed only where something
 * is built.
 */
async function recipeTag(work: Work, name: string): Promise<string> {
  const parents = new Map<string, string>();
  for (const parent of await parentsOf(name, work.choice.recipes)) {
    const reference = parent.official
      ? (await provide(work, parent.name, parent.official)).reference
      : await recipeTag(work, parent.name);
    parents.set(parent.name, reference);
  }
  return tagOf(name, parents, work.choice.recipes);
}

async function recordedDigest(runtime: Runtime, reference: string): Promise<string> {
  const digest = await digestOf(runtime, reference);
  if (digest === null)
    throw environmentError(`the engine says it has made ${reference}, and does not have it`);
  return digest;
}

/**
 * The registry's digest where the image came from one, else the engine's image id; null when it is not there.
 */
export async function digestOf(runtime: Runtime, reference: string): Promise<string | null> {
  try {
    const found = await runtime.container.dockerode.getImage(reference).inspect();
    return registryDigest(found.RepoDigests, reference) ?? found.Id;
  } catch (error) {
    if (statusOf(error) === 404) return null;
    throw error;
  }
}

/**
 * An image may have been pushed to, or pulled from, several registries under one id: that of the reference's
 * own comes first.
 */
function registryDigest(digests: readonly string[] | null | undefined, reference: string): string | null {
  const repository = reference.replace(/:[^/:]*$/, '');
  const digest = digests?.find((each) => each.startsWith(`${repository}@`)) ?? digests?.[0];
  return digest?.split('@')[1] ?? null;
}
