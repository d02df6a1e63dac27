import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { environmentError, type Place } from '../core/errors.ts';
import { fullName, makerOf, namesOf, type Build, type Builds } from './builds.ts';
import type { ComposeConfig } from './compose.ts';

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
    const { build: declared, image: runsFrom } = all.services[name]!;
    const by = declared === undefined ? makerOf(all, runsFrom)! : name;
    const stoodOn = new Set((await namedIn(all.services[by]!.build as Build)).map(fullName));
    const found = missing.find(({ maker, image }) => maker !== by && stoodOn.has(fullName(image)));
    if (found)
      throw environmentError(`${name} is built from ${found.image}, which ${found.maker} builds`, {
        at: place(name, ['build']),
        found: `no image ${found.image} in the engine, and a drill makes none of that name`,
        hint: `have it made first: docker compose build ${found.maker}`,
      });
  }
}

/** Names of images in a Dockerfile and in what its build is given; too many rather than too few. */
async function namedIn(build: Build): Promise<string[]> {
  const args = Object.values(build.args ?? {}).map((value) => value ?? '');
  const contexts = Object.values(build.additional_contexts ?? {}).map((value) =>
    value.replace(/^docker-image:\/\//, ''),
  );
  const text = await dockerfileOf(build);
  const declared = new Map(
    [...text.matchAll(/^\s*ARG\s+(\w+)=["']?([^\s"']+)/gim)].map(([, name, value]) => [name!, value!]),
  );
  for (const [name, value] of Object.entries(build.args ?? {})) if (value !== null) declared.set(name, value);
  const filled = text.replaceAll(
    /\$(?:\{(\w+)(?::?-([^}]*))?\}|(\w+))/g,
    (_, braced?: string, otherwise?: string, bare?: string) =>
      declared.get((braced ?? bare)!) ?? otherwise ?? '',
  );
  const stages = new Set([...filled.matchAll(/^\s*FROM\s.*\sAS\s+(\S+)/gim)].map(([, stage]) => stage));
  const named = [
    ...filled.matchAll(/^\s*FROM\s+(?:--\S+\s+)*["']?([^\s"']+)/gim),
    ...filled.matchAll(/\bfrom=["']?([^\s,"']+)/gi),
  ].map(([, name]) => name!);
  // Of a Dockerfile that is read, what it makes of them says more: an argument may be any word.
  const given = text === '' ? args : [];
  return [...given, ...contexts, ...named.filter((name) => !stages.has(name))].filter((name) => name !== '');
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
