import { rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { environmentError, inputError, messageOf, type MusterError } from '../core/errors.ts';
import { masked } from '../core/masking.ts';
import { longMs } from './deadline.ts';
import { readFromDocker } from './compose-reading.ts';
import { overrideText } from './override-file.ts';
import { temporaryFolder } from './temporary.ts';

export interface ComposeRun {
  file: string;
  /** Compose files that go over it, in order. */
  overrides?: readonly string[] | undefined;
  project: string;
  environment: Record<string, string>;
  labels: Record<string, string>;
  /** Further values that must not be shown. */
  secrets?: readonly string[] | undefined;
}

interface DeclaredService {
  image?: string;
  build?: unknown;
  container_name?: string;
  deploy?: { replicas?: number };
  scale?: number;
  pull_policy?: string;
  platform?: string;
  volumes?: unknown[];
  configs?: unknown[];
  secrets?: unknown[];
}

/** What `docker compose config --format json` says, as far as it is used here. */
export interface ComposeConfig {
  services: Record<string, DeclaredService>;
  volumes?: Record<
    string,
    { name?: string; external?: boolean; driver?: string; driver_opts?: Record<string, unknown> }
  >;
  configs?: Record<string, { file?: string; environment?: string }>;
  secrets?: Record<string, { file?: string; environment?: string }>;
  networks?: Record<
    string,
    { name?: string; external?: boolean; ipam?: { config?: { subnet?: string; gateway?: string }[] } }
  >;
}

/**
 * Compose reads a large file in a second or two, and some files without end (a merge key that merges itself).
 */
const readingMs = 60_000;

/**
 * The compose file as Compose itself reads it: merged, interpolated, with includes. Input error where Compose
 * refuses it or does not come to an end within the deadline, in milliseconds; environment error where there
 * is no Compose. `meanwhile` is called once Compose reads. `around`: the environment that
 * the run's own goes over. Default: this process's.
 */
export async function composeConfig(
  run: ComposeRun,
  {
    override,
    deadlineMs = readingMs,
    meanwhile,
    around = process.env,
  }: {
    override?: string;
    deadlineMs?: number;
    meanwhile?: (() => void) | undefined;
    around?: NodeJS.ProcessEnv;
  } = {},
): Promise<ComposeConfig> {
  const files = [run.file, ...(run.overrides ?? []), ...(override === undefined ? [] : [override])].flatMap(
    (file) => ['--file', resolve(file)],
  );
  const args = ['compose', ...files, '--project-name', run.project, 'config', '--format', 'json'];
  const at = { file: run.file, line: 1, column: 1 };
  const read = await readFromDocker(args, { ...around, ...run.environment }, deadlineMs, meanwhile);
  if (read.cutOff) {
    throw inputError(`Compose does not come to an end with ${run.file}`, {
      at,
      expected: `what \`docker compose config\` makes of it, within ${deadlineMs / 1000} s`,
      hint: 'look for a merge key (<<) that merges what it stands in, and for ranges of thousands of ports',
    });
  }
  if (read.code === 0) return JSON.parse(read.stdout) as ComposeConfig;
  const said = masked(read.stderr, [...Object.values(run.environment), ...(run.secrets ?? [])]).trim();
  throw inputError(`Compose refuses ${run.file}`, { at, found: said.split('\n').slice(-3).join('\n') });
}

/**
 * Has Compose build what these services run from, and pulls images, by name; nothing is started. A pull by
 * Compose would take whatever else a service names with it, also what the engine has.
 * `check` as of `composeUp`. Environment error with Compose's own last lines when it fails.
 */
export async function composeImages(
  run: ComposeRun,
  override: object,
  check: (merged: ComposeConfig) => void,
  services: readonly string[],
  pulled: readonly { image: string; platform?: string | undefined }[],
  signal: AbortSignal | undefined,
): Promise<void> {
  const folder = await temporaryFolder('compose');
  try {
    const overrideFile = join(folder, 'override.yml');
    await writeFile(overrideFile, overrideText(override), { mode: 0o600 });
    const merged = await composeConfig(run, { override: overrideFile });
    check(merged);
    const files = [run.file, ...(run.overrides ?? []), overrideFile].flatMap((one) => ['-f', resolve(one)]);
    // The name in the environment is what a `compose` that outlived its drill is found by.
    const environment = { ...process.env, ...run.environment, COMPOSE_PROJECT_NAME: run.project };
    const docker = async (...args: string[]): Promise<void> => {
      const { code, stderr } = await readFromDocker(args, environment, longMs, undefined, signal);
      if (code !== 0) throw composeTrouble(new Error(stderr), run);
    };
    const built = services.filter((name) => merged.services[name]?.build !== undefined);
    if (built.length > 0) await docker('compose', ...files, '-p', run.project, 'build', ...built);
    const pulls = pulled.map(async ({ image, platform }) =>
      docker('pull', '--quiet', ...(platform ? ['--platform', platform] : []), image),
    );
    // Whoever is told that one failed takes down what there is: nothing may still be under way.
    const failed = (await Promise.allSettled(pulls)).find(({ status }) => status === 'rejected');
    if (failed) throw (failed as PromiseRejectedResult).reason;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** ` Container x  Creating`, ` redis Pulling`: what Compose says of its work, not of its trouble. */
const isProgress =
  /^(?:(?:Container|Network|Volume) )?\S+ +(?:Pulling|Creating|Created|Starting|Started|Waiting|Healthy|Recreate|Recreated|Running)$/;

/** Compose tells most trouble twice: of the service, and as the engine's answer. */
const sameWords = (line: string, later: string): boolean =>
  line.replace(/^\S+ Error /, '') === later.replace(/^Error response from daemon: /, '');

/** One clear error for what a start fails with most often, with the tool's own words. */
export function composeTrouble(
  error: unknown,
  run: Pick<ComposeRun, 'project' | 'environment' | 'secrets'>,
): MusterError {
  const said = masked(messageOf(error), [...Object.values(run.environment), ...(run.secrets ?? [])])
    .split('\n')
    .map((line) => line.trim())
    .filter(
      (line, at, all) =>
        line !== '' && !isProgress.test(line) && !all.slice(at + 1).some((later) => sameWords(line, later)),
    )
    .slice(-4)
    .join('\n');
  const found = { found: said, cause: new Error(said) };
  if (/no space left on device/i.test(said))
    return environmentError('no space left on the disk', {
      ...found,
      hint: '`docker system df` shows what uses it',
    });
  if (/pull access denied|manifest unknown|no such host|i\/o timeout|TLS handshake/i.test(said))
    return environmentError('an image cannot be pulled', {
      ...found,
      hint: "does the registry answer? MUSTER_REGISTRY names a mirror for Muster's own images",
    });
  return environmentError(`the stack ${run.project} does not come up`, found);
}
