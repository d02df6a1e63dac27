import { existsSync, globSync, readFileSync, statSync } from 'node:fs';
import { basename, extname, join, relative, resolve } from 'node:path';
import { nearest, parseSource } from '../core/document.ts';
import { inputError } from '../core/errors.ts';
import { packageRoot } from '../stack/package-root.ts';

/** The scenarios that come with Muster. */
const shipped = join(packageRoot, 'scenarios');
/** The user's own, and those. */
const foldersHere = (): string[] => [...new Set([resolve('scenarios'), shipped])];

/**
 * `path`: within its folder, without its ending. `name`: what it is run by: that, or the whole path where it
 * is not alone with it.
 */
export interface ScenarioFile {
  name: string;
  path: string;
  file: string;
}
/** `passedOver`: files that say `scenario:` and are no YAML by their names. */
export interface ScenarioFiles {
  scenarios: ScenarioFile[];
  passedOver: string[];
}

const isYaml = (file: string): boolean => /\.ya?ml$/i.test(file);
const largestBytes = 2 ** 20;

/** Scenario files at hand: those shipped, and those under `./scenarios` of the working directory. */
export function findScenarios(folders: readonly string[] = foldersHere()): ScenarioFiles {
  const files = folders.flatMap((folder) =>
    globSync('**/*', { cwd: folder })
      .sort()
      .filter((file) => isScenario(join(folder, file)))
      .map((file) => ({ folder, file })),
  );
  const yaml = files
    .filter(({ file }) => isYaml(file))
    .map(({ folder, file }) => ({ path: file.slice(0, -extname(file).length), file: join(folder, file) }));
  const isAlone = (path: string): boolean => yaml.filter((one) => one.path === path).length === 1;
  return {
    scenarios: yaml.map(({ path, file }) => ({
      name: isAlone(path) ? path : relative('.', file),
      path,
      file,
    })),
    passedOver: files.filter(({ file }) => !isYaml(file)).map(({ folder, file }) => join(folder, file)),
  };
}

/** By what it says. One with a slip in it is one all the same: whoever runs it is told. */
function isScenario(file: string): boolean {
  const stat = statSync(file, { throwIfNoEntry: false });
  if (!stat?.isFile() || stat.size > largestBytes) return false;
  const text = readFileSync(file, 'utf8');
  if (!/\bscenario\b/.test(text)) return false;
  if (isYaml(file) && /^\uFEFF?scenario\s*:/m.test(text)) return true;
  try {
    const { data } = parseSource(file, text);
    return typeof data === 'object' && data !== null && Object.hasOwn(data, 'scenario');
  } catch {
    return false;
  }
}

/**
 * All that are at hand, for a run without names. Throws an input error where there are none: nothing run is
 * nothing proven.
 */
export function allScenarios(folders: readonly string[] = foldersHere()): ScenarioFiles {
  for (const folder of folders.filter((one) => existsSync(one))) {
    const { scenarios, passedOver } = findScenarios([folder]);
    if (scenarios.length > 0) continue;
    throw inputError(`there is no scenario in ${relative('.', folder) || '.'}`, {
      found: passedOver.map((file) => relative('.', file)).join(', ') || 'no file that says `scenario:`',
      expected: 'files *.yaml or *.yml that say `scenario:`',
      hint: 'name what is to be run, or put it there',
    });
  }
  const found = findScenarios(folders);
  if (found.scenarios.length === 0)
    throw inputError('there is nothing to run', {
      found: 'no scenarios',
      expected: `scenarios in ${folders.join(' or ')}`,
    });
  return found;
}

/** What a gate should not miss, in words: nothing of a scenario folder is passed over in silence. */
export const passedOverText = ({ passedOver }: ScenarioFiles): string[] =>
  passedOver.map(
    (file) =>
      `${relative('.', file)} says \`scenario:\` and is passed over: its name ends in neither .yaml nor .yml`,
  );

/**
 * The file a user means by `reference/redis-crash`, `redis-crash` or a path. Throws an input error with the
 * nearest name.
 */
export function resolveScenario(given: string): string {
  const isFile = statSync(given, { throwIfNoEntry: false })?.isFile() === true;
  if (isFile && isYaml(given)) return resolve(given);
  const known = findScenarios().scenarios;
  const meant = known.filter(({ name, path }) => [name, path, basename(path)].includes(given));
  if (meant.length === 1) return meant[0]!.file;
  if (meant.length > 1)
    throw inputError(`several scenarios are called "${given}"`, {
      found: given,
      expected: `one of ${meant.map((one) => relative('.', one.file)).join(', ')}`,
    });
  // Whatever it is called, somebody named it.
  if (isFile) return resolve(given);
  const near =
    nearest(
      given,
      known.map(({ name }) => name),
    ) ??
    nearest(
      given,
      known.map(({ name }) => basename(name)),
    );
  throw inputError(`there is no scenario "${given}"`, {
    found: given,
    expected: 'a file or one of `muster list scenarios`',
    hint: near ? `did you mean "${near}"?` : undefined,
  });
}
