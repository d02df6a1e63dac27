import { existsSync, globSync, readFileSync } from 'node:fs';
import { basename, join, relative, resolve } from 'node:path';
import { nearest } from '../core/document.ts';
import { inputError } from '../core/errors.ts';

/** The scenarios that come with Muster. */
const shipped = resolve(import.meta.dirname, '../scenarios');

export interface ScenarioFile { name: string; file: string }

/** Scenario files at hand: those shipped, and those under `./scenarios` of the working directory. A strategy.yaml is not one. */
export function findScenarios(): ScenarioFile[] {
  const folders = [...new Set([resolve('scenarios'), shipped])];
  return folders.flatMap((folder) =>
    globSync('**/*.yaml', { cwd: folder })
      .filter((file) => basename(file) !== 'strategy.yaml' && /^scenario:/m.test(readFileSync(join(folder, file), 'utf8')))
      .sort()
      .map((file) => ({ name: file.replace(/\.yaml$/, ''), file: join(folder, file) })),
  );
}

/** The file a user means by `reference/redis-crash`, `redis-crash` or a path. Throws an input error with the nearest name. */
export function resolveScenario(given: string): string {
  if (existsSync(given) && /\.ya?ml$/.test(given)) return resolve(given);
  const known = findScenarios();
  const meant = known.filter(({ name }) => name === given || basename(name) === given);
  if (meant.length === 1) return meant[0]!.file;
  if (meant.length > 1) throw inputError(`several scenarios are called "${given}"`, { found: given, expected: `one of ${meant.map((one) => relative('.', one.file)).join(', ')}` });
  const near = nearest(given, known.map(({ name }) => name)) ?? nearest(given, known.map(({ name }) => basename(name)));
  throw inputError(`there is no scenario "${given}"`, { found: given, expected: 'a file or one of `muster list scenarios`', hint: near ? `did you mean "${near}"?` : undefined });
}
