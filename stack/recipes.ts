import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { copyFile, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { environmentError, messageOf } from '../core/errors.ts';
import { packageRoot } from './package-root.ts';
import { longMs, saying } from './deadline.ts';
import { followed, type Docker, type EngineEvent, type Runtime } from './runtime.ts';
import { temporaryFolder } from './temporary.ts';

/** What recipes are made with: where they lie, where the application begins, and who is told of progress. */
export interface ImageRecipes {
  folder: string;
  appEntry: string;
  progress(line: string): void;
}

/** A parent that a Dockerfile names: `ARG MUSTER_IMAGE_NAME[=official reference]`. */
export interface Parent {
  name: string;
  official: string | null;
}

export const recipesFolder = join(packageRoot, 'fixtures/images');
/** The sources of the reference application, or, in a package, what was built of them. */
const [appSource, appBuilt] = [join(packageRoot, 'fixtures/app/main.ts'), join(packageRoot, 'dist/app.mjs')];
export const appEntry = existsSync(appSource) ? appSource : appBuilt;

/** The environment variable of an image's name and back: `base-sid`, `MUSTER_IMAGE_BASE_SID`. */
export const variableOf = (name: string): string => `MUSTER_IMAGE_${name.toUpperCase().replaceAll('-', '_')}`;
export const nameOf = (variable: string): string =>
  variable.slice('MUSTER_IMAGE_'.length).toLowerCase().replaceAll('_', '-');

/** Names of all recipes, i.e. folders below `fixtures/images`. */
export const recipeNames = async (folder: string): Promise<string[]> => (await readdir(folder)).sort();

export async function parentsOf(name: string, recipes: ImageRecipes): Promise<Parent[]> {
  const text = await readFile(join(recipes.folder, name, 'Dockerfile'), 'utf8').catch(() => '');
  return [...text.matchAll(/^ARG (MUSTER_IMAGE_\w+)(?:=(\S+))?$/gm)].map(([, variable, official]) => ({
    name: nameOf(variable!),
    official: official ?? null,
  }));
}

/**
 * The tag of what a recipe makes: a digest of the recipe's files, of what the host puts in, and of its
 * parents' references. The same recipe is found again at once; a changed one is built anew. Packages inside
 * are those of the day it was built.
 */
export async function tagOf(
  name: string,
  parents: ReadonlyMap<string, string>,
  recipes: ImageRecipes,
): Promise<string> {
  const hash = createHash('sha256');
  const folder = join(recipes.folder, name);
  for (const file of (await readdir(folder)).sort())
    hash
      .update(`${file}\0`)
      .update(await readFile(join(folder, file)))
      .update('\0');
  for (const [parent, reference] of [...parents].sort()) hash.update(`${parent}=${reference}\0`);
  hash.update((await additions[name]?.identity(recipes)) ?? '');
  return `muster/${name}:${hash.digest('hex').slice(0, 16)}`;
}

/**
 * Builds a recipe under the given tag. Its parents must be there. Environment error with the build's last
 * lines when it fails.
 */
export async function build(
  runtime: Runtime,
  name: string,
  tag: string,
  parents: ReadonlyMap<string, string>,
  recipes: ImageRecipes,
): Promise<void> {
  const files = await readdir(join(recipes.folder, name));
  recipes.progress(saying(`building ${tag}`, longMs));
  if (files.includes('mmdebstrap'))
    return importDebian(runtime.container.dockerode, join(recipes.folder, name, 'mmdebstrap'), tag);
  const context = await temporaryFolder('image');
  try {
    for (const file of files) await copyFile(join(recipes.folder, name, file), join(context, file));
    await additions[name]?.add(context, recipes);
    await buildContext(runtime.container.dockerode, context, tag, parents);
  } finally {
    await rm(context, { recursive: true, force: true });
  }
}

/**
 * What the host puts into a build beside the recipe's own files, and what tells one such addition from
 * another.
 */
const additions: Record<
  string,
  {
    identity(recipes: ImageRecipes): Promise<string>;
    add(context: string, recipes: ImageRecipes): Promise<void>;
  }
> = {
  app: {
    // What goes into the bundle, without making one: every drill asks, and few build.
    identity: async ({ appEntry: entry }) =>
      (
        await Promise.all(
          (isBuilt(entry) ? [entry] : [...(await sourcesBeside(entry)), lockFile]).map((file) =>
            readFile(file, 'utf8'),
          ),
        )
      ).join('\0'),
    add: async (context, { appEntry: entry }) =>
      writeFile(join(context, 'main.mjs'), isBuilt(entry) ? await readFile(entry) : await bundle(entry)),
  },
  node: {
    identity: async () => `${(await stat(nodeBinary())).size}:${process.version}`,
    add: (context) => copyFile(nodeBinary(), join(context, 'node')),
  },
  go: {
    // Not part of what is made: the certificates are used while compiling only.
    identity: async () => '',
    add: (context) => copyFile('/etc/ssl/certs/ca-certificates.crt', join(context, 'ca-certificates.crt')),
  },
};

const isBuilt = (entry: string): boolean => entry.endsWith('.mjs');
const lockFile = join(packageRoot, 'package-lock.json');
const sourcesBeside = async (entry: string): Promise<string[]> =>
  (await readdir(dirname(entry)))
    .filter((file) => file.endsWith('.ts'))
    .sort()
    .map((file) => join(dirname(entry), file));
/** The Node that runs Muster, where the one of the package `node` is not installed. */
function nodeBinary(): string {
  try {
    return createRequire(import.meta.url).resolve('node/bin/node');
  } catch {
    return process.execPath;
  }
}

/** One ES module with every dependency inside, so that the image needs no package registry. */
export async function bundle(entry: string, { sourcemap = true } = {}): Promise<string> {
  const { build: esbuild } = await import('esbuild');
  try {
    const result = await esbuild({
      entryPoints: [entry],
      absWorkingDir: dirname(entry),
      bundle: true,
      write: false,
      platform: 'node',
      target: 'node24',
      format: 'esm',
      sourcemap: sourcemap ? 'inline' : false,
      logLevel: 'silent',
      // Dependencies written for CommonJS call require() for Node's own modules.
      banner: {
        js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);",
      },
    });
    return result.outputFiles[0]!.text;
  } catch (error) {
    throw environmentError(`the application cannot be bundled from ${entry}`, { cause: error });
  }
}

async function buildContext(
  docker: Docker,
  context: string,
  tag: string,
  parents: ReadonlyMap<string, string>,
): Promise<void> {
  const buildargs: Record<string, string> = {};
  for (const [name, reference] of parents) buildargs[variableOf(name)] = reference;
  for (const name of ['GOPROXY', 'GOSUMDB', 'HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY'])
    if (process.env[name]) buildargs[name] = process.env[name];
  const stream = await docker.buildImage(
    { context, src: await readdir(context) },
    { t: tag, buildargs, forcerm: true },
  );
  const lines: string[] = [];
  const heard = (event: EngineEvent): void => {
    if (event.stream?.trim()) lines.push(event.stream.trimEnd());
  };
  await followed(docker, stream, heard).catch((error: unknown) => {
    throw environmentError(`building ${tag} failed`, {
      found: [...lines.slice(-8), messageOf(error)].join('\n'),
      cause: error,
    });
  });
}

async function importDebian(docker: Docker, recipe: string, tag: string): Promise<void> {
  const args = (await readFile(recipe, 'utf8')).split('\n').filter((line) => line !== '');
  const suite = args.pop()!;
  const { execa } = await import('execa');
  const making = execa('mmdebstrap', [...args, suite, '-'], {
    stdin: 'ignore',
    buffer: false,
    reject: false,
  });
  let said = '';
  making.stderr.setEncoding('utf8').on('data', (text: string) => (said = (said + text).slice(-2000)));
  const [repo, version] = tag.split(':');
  try {
    const [made, stream] = await Promise.all([
      making,
      docker.importImage(making.stdout, { repo, tag: version! }),
    ]);
    if (made.failed) throw new Error(made.shortMessage);
    await followed(docker, stream);
  } catch (error) {
    // An archive that broke off may have been imported all the same.
    await docker
      .getImage(tag)
      .remove()
      .catch(() => undefined);
    throw environmentError(`the Debian base image ${tag} could not be made: ${messageOf(error)}`, {
      found:
        said
          .split('\n')
          .filter((line) => /^(E|Err)\b/.test(line))
          .slice(-4)
          .join('\n') ||
        said.trim() ||
        'no output',
      expected: 'mmdebstrap and a Debian mirror that answers',
      hint: '`muster doctor --prepare` installs mmdebstrap; or set MUSTER_REGISTRY to a registry that has the official images',
      cause: error,
    });
  }
}
