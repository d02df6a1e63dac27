import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { inputError } from '../core/errors.ts';

const composeNames = ['compose.yaml', 'compose.yml', 'docker-compose.yml', 'docker-compose.yaml'];

/**
 * The compose files of a folder as Compose finds them, the first and what goes over it, by path: those that
 * are named, or that COMPOSE_FILE of the environment or of its `.env` names, or the usual one with its
 * override. Input error where one is not there.
 */
export function composeFilesOf(folder: string, given?: readonly string[]): [string, ...string[]] {
  const dotEnv = existsSync(join(folder, '.env')) ? readFileSync(join(folder, '.env'), 'utf8') : '';
  const said = (name: string): string | undefined =>
    process.env[name] ?? new RegExp(`^[ \\t]*${name}[ \\t]*=[ \\t]*["']?([^"'#\\s]+)`, 'm').exec(dotEnv)?.[1];
  const named = given ?? said('COMPOSE_FILE')?.split(said('COMPOSE_PATH_SEPARATOR') ?? ':');
  if (named !== undefined) {
    const files = named.map((one) => resolve(folder, one));
    const missing = files.find((one) => !existsSync(one));
    if (missing === undefined && files.length > 0) return files as [string, ...string[]];
    throw inputError(`there is no compose file ${named[files.indexOf(missing!)]}`, { found: missing });
  }
  const file = composeNames.map((name) => join(folder, name)).find((one) => existsSync(one));
  if (file === undefined)
    throw inputError(`there is no compose file in ${folder}`, {
      expected: `one of ${composeNames.join(', ')}`,
      hint: 'name its files',
    });
  const override = ['yml', 'yaml']
    .map((ending) => file.replace(/\.ya?ml$/, `.override.${ending}`))
    .find((one) => existsSync(one));
  return override === undefined ? [file] : [file, override];
}
