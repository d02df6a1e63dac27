import { existsSync, readFileSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { inputError } from '../core/errors.ts';
import { looksSecret } from '../core/masking.ts';
import { readFromDocker } from './compose-reading.ts';
import { projectFiles, type ProjectFile } from './project-files.ts';
import { temporaryFolder } from './temporary.ts';

/** In what environment Compose resolves a project. */
export interface ProjectEnvironment {
  /**
   * Of the project's `.env` and of those of what it includes, each as Compose resolves it: with what it
   * refers to, and with this process's value where that has one. Empty where there is no such file.
   */
  values: Record<string, string>;
  /** Secrets, by their names, that the compose file asks for and that nothing gives a value. */
  wanting: string[];
}

/** A variable that a compose file asks for; `required` where Compose stops without a value. */
interface Asked {
  name: string;
  required: boolean;
}

/** What Muster makes where it is asked for without a value, as Compose's own empty text would help nobody. */
const always = [
  'MYSQL_ROOT_PASSWORD',
  'MYSQL_PASSWORD',
  'POSTGRES_PASSWORD',
  'TOKEN_SECRET',
  'ADMIN_TOKEN',
  'S3_ACCESS_KEY',
  'S3_SECRET_KEY',
];

const readingMs = 60_000;

/**
 * What Compose would put for `${NAME}` in that file. Input error where Compose refuses the `.env`;
 * environment error where there is no Compose and a `.env` is to be read.
 */
export async function projectEnvironment(
  file: string,
  overrides: readonly string[] = [],
): Promise<ProjectEnvironment> {
  const { files, envFiles } = await projectFiles([file, ...overrides]);
  const values = await dotEnv(dirname(resolve(file)));
  for (const some of envFiles) await addIncluded(values, dirname(resolve(file)), some);
  const has = (name: string): boolean => Boolean(values[name] || process.env[name]);
  const wanting = (await askedBy(files))
    .filter(({ name, required }) => always.includes(name) || (required && looksSecret(name)))
    .map(({ name }) => name)
    .filter((name) => !has(name) && !name.startsWith('MUSTER_'));
  return { values, wanting: [...new Set(wanting)] };
}

/** Names are read here, because no answer of Compose lists them; what they are worth Compose says. */
async function dotEnv(folder: string): Promise<Record<string, string>> {
  const files = (process.env['COMPOSE_ENV_FILES'] ?? '').split(',').filter((one) => one !== '');
  const names = namesIn(
    (files.length > 0 ? files : ['.env']).map((one) => resolve(folder, one)).filter((one) => existsSync(one)),
  );
  return names.length === 0 ? {} : resolvedByCompose(folder, names);
}

const namesIn = (files: readonly string[]): string[] => [
  ...new Set(
    files
      .flatMap((one) => [
        ...readFileSync(one, 'utf8').matchAll(/^[ \t]*(?:export[ \t]+)?([A-Za-z_][A-Za-z0-9_]*)[ \t]*=/gm),
      ])
      .map(([, name]) => name!),
  ),
];

interface Resolving {
  /** In the place of the folder's own `.env`. */
  envFiles?: readonly string[];
  environment?: NodeJS.ProcessEnv;
}

/** What an include has variables from says something only where the project's own `.env` does not. */
async function addIncluded(
  values: Record<string, string>,
  folder: string,
  envFiles: readonly string[],
): Promise<void> {
  const names = namesIn(envFiles).filter((name) => !Object.hasOwn(values, name));
  if (names.length === 0) return;
  const options = { envFiles, environment: { ...values, ...process.env, COMPOSE_ENV_FILES: undefined } };
  Object.assign(values, await resolvedByCompose(folder, names, options));
}

/**
 * What Compose has for these variables in a project of that folder, and an empty text where it has nothing:
 * by a project of one service whose environment they are, so that quotes and references are Compose's.
 */
export async function resolvedByCompose(
  folder: string,
  names: string[],
  { envFiles = [], environment: known = process.env }: Resolving = {},
): Promise<Record<string, string>> {
  const environment = Object.fromEntries(names.map((name) => [name, `\${${name}-}`]));
  const made = await temporaryFolder('environment');
  try {
    const file = join(made, 'asked.json');
    await writeFile(file, JSON.stringify({ services: { asked: { image: 'none', environment } } }));
    const env = envFiles.flatMap((one) => ['--env-file', one]);
    const args = ['compose', '--project-directory', folder, ...env, '--project-name', 'muster-environment'];
    const read = await readFromDocker(
      [...args, '--file', file, 'config', '--format', 'json'],
      known,
      readingMs,
    );
    if (read.code !== 0)
      throw inputError(`Compose refuses the .env of ${dirname(envFiles[0] ?? join(folder, '.env'))}`, {
        at: { file: envFiles[0] ?? join(folder, '.env'), line: 1, column: 1 },
        // What comes after is the file itself, from where it stopped to be read.
        found: read.stderr
          .split(/ near /)[0]!
          .trim()
          .split('\n')
          .at(-1)!,
      });
    const { services } = JSON.parse(read.stdout) as {
      services: { asked: { environment: Record<string, string | null> } };
    };
    return Object.fromEntries(
      // Written for a file, a dollar sign is doubled.
      Object.entries(services.asked.environment).map(([name, value]) => [
        name,
        (value ?? '').replaceAll('$$', '$'),
      ]),
    );
  } finally {
    await rm(made, { recursive: true, force: true });
  }
}

/**
 * Without Docker where the file is the whole of it; what comes by `include` or `extends` Compose knows. A
 * variable with another value than none, such as `${NAME:-text}`, has one.
 */
async function askedBy(files: readonly ProjectFile[]): Promise<Asked[]> {
  const given = files.filter(({ by }) => by === 'given');
  const own = given.map(({ text }) => text).join('\n');
  const listed = /^\s*(?:include|extends)\s*:/m.test(own)
    ? await listedByCompose(given.map(({ file }) => file))
    : null;
  const text = files.map((one) => one.text).join('\n');
  // Of a secret or a config that comes from a variable.
  const named = [...text.matchAll(/\benvironment:[ \t]*["']?([A-Za-z_]\w*)["']?[ \t]*(?=[},#\r\n]|$)/g)];
  const secrets = named.map(([, name]) => ({ name: name!, required: true }));
  if (listed) return [...listed, ...secrets];
  const interpolated = [...own.matchAll(/(?<!\$)(?:\$\$)*\$(?:\{(\w+)(:?[-+?])?|(\w+))/g)].flatMap(
    ([, braced, how, bare]): Asked[] =>
      /[-+]/.test(how ?? '') ? [] : [{ name: (braced ?? bare)!, required: (how ?? '').includes('?') }],
  );
  return [...interpolated, ...secrets];
}

/** `NAME  REQUIRED  DEFAULT VALUE  ALTERNATE VALUE`, a line each. Null where this Compose lists none. */
async function listedByCompose(files: readonly string[]): Promise<Asked[] | null> {
  const { code, stdout } = await readFromDocker(
    ['compose', ...files.flatMap((file) => ['--file', resolve(file)]), 'config', '--variables'],
    { ...process.env, COMPOSE_PROFILES: '' },
    readingMs,
  );
  if (code !== 0) return null;
  return stdout
    .split('\n')
    .slice(1)
    .map((line) => /^(\w+)\s+(true|false)(.*)$/.exec(line))
    .flatMap((match) => {
      const [, name, required, rest] = match ?? [];
      return name === undefined || rest!.trim() !== '' ? [] : [{ name, required: required === 'true' }];
    });
}
