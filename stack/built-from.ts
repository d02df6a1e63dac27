import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { environmentError, type Place } from '../core/errors.ts';
import { contextServices, fullName, makerOf, namesOf, type Build, type Builds } from './builds.ts';
import type { ComposeConfig } from './compose.ts';
import { standsOn, type StandsOn } from './dockerfile.ts';

/**
 * Refuses a build that stands on the image of another service that is not in the engine: a drill builds that
 * one under another name, and the name in the Dockerfile would be a stranger's in the registry. Environment
 * error with what helps.
 */
export async function assertNotBuiltFromBuilt(
  all: ComposeConfig,
  builds: Builds,
  present: ReadonlySet<string>,
  place: (service: string, path: readonly string[]) => Place,
): Promise<void> {
  const missing = Object.entries(all.services).flatMap(([maker, service]) =>
    namesOf(service).flatMap((image) => (present.has(image) ? [] : [{ maker, image }])),
  );
  for (const name of Object.keys(builds.own)) {
    const by = builderOf(all, name);
    const { images, unread } = await standsOnOf(all.services[by]!.build as Build);
    const others = missing.filter(({ maker }) => maker !== by);
    const stoodOn = new Set(images.map(fullName));
    const found = others.find(({ image }) => stoodOn.has(fullName(image)));
    const at = place(name, ['build']);
    if (found)
      throw environmentError(`${name} is built from ${found.image}, which ${found.maker} builds`, {
        at,
        found: `no image ${found.image} in the engine, and a drill makes none of that name`,
        hint: `have it made first: docker compose build ${found.maker}`,
      });
    if (unread !== null && others.length > 0)
      throw environmentError(`${name} may be built from what another service builds: ${unread}`, {
        at,
        found: `no image ${others[0]!.image} of ${others[0]!.maker} in the engine, and a drill makes none of that name`,
        hint: `have it made first: docker compose build ${others[0]!.maker}`,
      });
  }
}

/** Of what a service is built as: itself, or the one that builds the image it runs from. */
const builderOf = (all: ComposeConfig, name: string): string => {
  const { build, image } = all.services[name]!;
  return build === undefined ? makerOf(all, image)! : name;
};

/**
 * Refuses a build that is given the image of a service (`additional_contexts: service:…`) which the drill
 * does not build, as it leaves it out or its profile is off: Compose would build that one as its files say,
 * under the user's names, or refuse both. Environment error with what helps.
 */
export function assertContextsAreOwn(
  all: ComposeConfig,
  { own }: Builds,
  place: (service: string, path: readonly string[]) => Place,
): void {
  for (const name of Object.keys(own)) {
    const by = builderOf(all, name);
    const other = contextServices(all.services[by]!.build).find((one) => own[one] === undefined);
    if (other !== undefined)
      throw environmentError(`${name} is built with ${other}, which this drill leaves out`, {
        at: place(name, ['build']),
        found: `no image ${all.services[name]!.image ?? 'of it'} in the engine`,
        hint: `have it made first: docker compose build ${by}; or name ${other} among the services of the drill`,
      });
  }
}

/** What a build stands on, by its Dockerfile and what it is given; too many rather than too few. */
async function standsOnOf(build: Build): Promise<StandsOn> {
  const contexts = Object.entries(build.additional_contexts ?? {});
  const given = contexts.map(([, value]) => value.replace(/^docker-image:\/\//, ''));
  const text = await dockerfileOf(build);
  const { images, unread } = standsOn(text, {
    args: build.args ?? {},
    contexts: contexts.map(([name]) => name),
  });
  // Of a Dockerfile that is read, what it makes of them says more: an argument may be any word.
  const words = text === '' ? Object.values(build.args ?? {}).map((value) => value ?? '') : [];
  return { images: [...words, ...given, ...images].filter((name) => name !== ''), unread };
}

/** Empty where it cannot be read here: Compose says so, or has it from elsewhere. */
async function dockerfileOf({
  context = '.',
  dockerfile = 'Dockerfile',
  dockerfile_inline: inline,
}: Build): Promise<string> {
  // Compose writes a dollar sign twice in what it resolves.
  if (inline !== undefined) return inline.replaceAll('$$', '$');
  return readFile(resolve(context, dockerfile), 'utf8').catch(() => '');
}
