import { lstatSync, readdirSync, readFileSync, realpathSync, statSync, type Stats } from 'node:fs';
import { basename, extname, join, relative, resolve, sep } from 'node:path';
import { nearest, parseSource } from '../core/document.ts';
import { InputErrors, inputError, messageOf } from '../core/errors.ts';
import { formatBytes } from '../core/units.ts';
import { packageRoot } from '../stack/package-root.ts';

/** The scenarios that come with Muster. */
const shipped = join(packageRoot, 'scenarios');
/** Where a project keeps its own: by hand, and by `muster init`. */
const ownPlaces = ['scenarios', 'muster'] as const;
const ownFolders = (): string[] =>
  ownPlaces.map((name) => resolve(name)).filter((folder) => folder !== packageRoot);

/**
 * `path`: within its folder, without its ending. `name`: what it is run by: that, or the whole path where it
 * is not alone with it. `own`: it is the user's.
 */
export interface ScenarioFile {
  name: string;
  path: string;
  file: string;
  own: boolean;
}
/** `slip`: it may be a scenario, and nobody laid it aside: a gate would miss it. */
export interface PassedOver {
  file: string;
  why: string;
  slip: boolean;
}
export interface ScenarioFiles {
  scenarios: ScenarioFile[];
  passedOver: PassedOver[];
}
const isYaml = (file: string): boolean => /\.ya?ml$/i.test(file);
const largestBytes = 2 ** 20;

/** Scenario files at hand: those of the working directory, and those that come with Muster. */
export function findScenarios(folders: readonly string[] = [...ownFolders(), shipped]): ScenarioFiles {
  const own = new Set(ownFolders());
  const looked = [...new Set(folders)].flatMap((folder) =>
    filesBelow(folder).map((file) => ({ folder, file, is: lookAt(join(folder, file), file) })),
  );
  const found = looked
    .filter(({ is }) => is === 'scenario')
    .map(({ folder, file }) => ({
      path: file.slice(0, -extname(file).length),
      file: join(folder, file),
      own: own.has(folder),
    }));
  const isAlone = (path: string): boolean => found.filter((one) => one.path === path).length === 1;
  return {
    scenarios: found.map((one) => ({
      name: isAlone(one.path) ? one.path : relative('.', one.file),
      ...one,
    })),
    passedOver: looked.flatMap(({ folder, file, is }) =>
      typeof is === 'object' && is !== null ? [{ file: join(folder, file), ...is }] : [],
    ),
  };
}

/** What Muster, Git and npm keep for themselves. */
const notLookedInto = ['.git', '.muster', 'node_modules'];

/**
 * Paths of all that is no folder, or none that can be looked into, sorted, also through links to folders;
 * each folder once.
 */
function filesBelow(folder: string, below = '', seen = new Set<string>()): string[] {
  const at = join(folder, below);
  if (!isThere(at)) return [];
  const names = namesIn(at, seen);
  if (typeof names === 'string') return [below];
  return names
    .filter((name) => !notLookedInto.includes(name))
    .sort()
    .flatMap((name) => {
      const path = join(below, name);
      const stat = statOf(join(folder, path));
      return typeof stat === 'object' && stat.isDirectory() ? filesBelow(folder, path, seen) : [path];
    });
}

/** A link that leads nowhere, too. */
const isThere = (path: string): boolean => lstatSync(path, { throwIfNoEntry: false }) !== undefined;

/** None of a folder that was looked into before; why it cannot be looked into otherwise. */
function namesIn(folder: string, seen: Set<string>): string[] | string {
  try {
    const real = realpathSync(folder);
    if (seen.has(real)) return [];
    seen.add(real);
    return readdirSync(folder);
  } catch (error) {
    return unread(error);
  }
}

/** What a path leads to, or why nobody knows. */
function statOf(path: string): Stats | string {
  try {
    return statSync(path);
  } catch (error) {
    return unread(error);
  }
}

const unread = (error: unknown): string =>
  (error as NodeJS.ErrnoException).code === 'ENOENT'
    ? 'is a link that leads nowhere'
    : `cannot be read: ${messageOf(error)}`;

type Looked = 'scenario' | Omit<PassedOver, 'file'> | null;
const slip = (why: string): Looked => ({ why, slip: true });

/**
 * By what it says: null where it is something else. One with a slip in it must not look like something else.
 */
function lookAt(file: string, path: string): Looked {
  const yaml = isYaml(file);
  const hidden = path.split(sep).some((name) => name.startsWith('.'));
  const stat = statOf(file);
  // What an editor leaves beside a file that is open is such a link as well, and begins with a dot. Whatever
  // else leads nowhere may have been a folder of them.
  if (typeof stat === 'string') return hidden ? null : slip(stat);
  if (stat.isDirectory()) {
    const names = namesIn(file, new Set<string>());
    return typeof names === 'string' ? slip(names) : null;
  }
  if (!stat.isFile() || (!yaml && stat.size > largestBytes)) return null;
  const is = byItsText(file, yaml, stat.size > largestBytes);
  if (!yaml || is === null || !hidden || (typeof is === 'object' && !is.slip)) return is;
  return slip('may be a scenario, and its path has a name that begins with a dot');
}

function byItsText(file: string, yaml: boolean, large: boolean): Looked {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    return yaml ? slip(`cannot be read: ${messageOf(error)}`) : null;
  }
  // Of UTF-16, every second byte is 0.
  const plain = text.replaceAll('\0', '');
  const hasTheWord = hasTheKey(plain);
  if (large)
    return hasTheWord ? slip(`has the word scenario, and is larger than ${formatBytes(largestBytes)}`) : null;
  if (yaml && hasTheWord && text.includes('\0'))
    return slip('has the word scenario, and is no text in UTF-8');
  if (!hasTheWord) return yaml && mayHaveKeys(plain) ? byItsKeys(file, text) : null;
  if (yaml && saysItsName.test(text)) return 'scenario';
  if (yaml && /^\uFEFF?scenario\s*:/m.test(text))
    return isOfOthers(dataOf(file, text)) ? { why: ofOthers, slip: false } : 'scenario';
  try {
    const { data } = parseSource(file, text);
    if (!isMapping(data) || !Object.hasOwn(data, 'scenario')) return yaml ? byItsKeys(file, text) : null;
  } catch (error) {
    return yaml ? slip(`has the word scenario, and is no YAML: ${firstLine(error)}`) : null;
  }
  return yaml
    ? 'scenario'
    : { why: 'says `scenario:` and is passed over: its name ends in neither .yaml nor .yml', slip: false };
}

/**
 * A key `scenario`, or the two that every scenario has beside it, in whatever way they are written; also
 * behind a byte order mark that was read as something else.
 */
const hasTheKey = (text: string): boolean =>
  hasKey(text, 'scenario') || (hasKey(text, 'strategy') && hasKey(text, 'recover'));

const hasKey = (text: string, key: string): boolean =>
  new RegExp(`(?:^[\\uFEFF\\uFFFD\\s-]*|[{,]\\s*)["']?${key}["']?\\s*:`, 'im').test(text);

/** A text, where that of other tools has a mapping: to read the whole file would take ten times as long. */
const saysItsName = /^\uFEFF?scenario:[ \t]+[\w./-]+[ \t]*\r?$/m;

/** A key can be written in escapes, and needs none of its letters then. */
const mayHaveKeys = (text: string): boolean =>
  /scenario|\\/.test(text) || (text.includes('strategy') && text.includes('recover'));

/** What other tools call a scenario has keys of its own, as Molecule's has. */
const isOfOthers = (data: unknown): boolean => {
  if (!isMapping(data) || !isMapping(data['scenario'])) return false;
  return ![data, data['scenario']].some((one) => Object.keys(one).some((key) => ofMuster.test(key)));
};
const ofMuster = /^(?:strateg|faults?$|recover|load|protect|check|seed)/i;
const ofOthers = "says `scenario:` of another tool: Muster's has a text there, a strategy and a fault";

const isMapping = (data: unknown): data is Record<string, unknown> =>
  typeof data === 'object' && data !== null && !Array.isArray(data);

/** What breaks something or recovers from it is a scenario, however its first key is written. */
function byItsKeys(file: string, text: string): Looked {
  const data = dataOf(file, text);
  const all = Array.isArray(data) ? data : [data];
  const isOne = all.some(
    (one) =>
      isMapping(one) &&
      (Object.hasOwn(one, 'scenario') || (Object.hasOwn(one, 'strategy') && Object.hasOwn(one, 'recover'))),
  );
  return isOne
    ? slip('looks like a scenario, and does not begin as one: its first key is `scenario:`')
    : null;
}

function dataOf(file: string, text: string): unknown {
  try {
    return parseSource(file, text).data;
  } catch {
    return null;
  }
}

const firstLine = (error: unknown): string =>
  messageOf(error instanceof InputErrors ? error.all[0] : error).split('\n')[0]!;

/**
 * All of the user's own, for a run without names: what comes with Muster proves nothing of his. Throws an
 * input error where there are none, or where one may be missing: nothing run is nothing proven.
 */
export function allScenarios(folders: readonly string[] = ownFolders()): ScenarioFiles {
  const there = folders.filter(isThere);
  const found = findScenarios(there);
  const slips = found.passedOver.filter((one) => one.slip);
  if (slips.length > 0)
    throw inputError('not everything that may be a scenario can be run', {
      found: slips.map((one) => passedOverLine(one)).join('\n'),
      expected: 'scenarios that can be read, and nothing that only looks like one',
      hint: 'mend it, take it out of there or let its name end in .disabled; or name what is to be run',
    });
  if (found.scenarios.length > 0) return found;
  const places = there.length > 0 ? there : folders;
  const named = places.map((one) => relative('.', one) || '.').join(' or ');
  throw inputError(`there is no scenario of your own in ${named || 'this folder'}`, {
    found:
      found.passedOver.map(({ file }) => relative('.', file)).join(', ') ||
      (there.length > 0 ? 'no file that says `scenario:`' : 'no such folder'),
    expected: 'files *.yaml or *.yml that say `scenario:`',
    hint: '`muster init` writes some into ./muster; or name what is to be run (`muster list scenarios`)',
  });
}

const passedOverLine = ({ file, why }: PassedOver): string => `${relative('.', file)} ${why}`;

/** What a gate should not miss, in words: nothing of a scenario folder is passed over in silence. */
export const passedOverText = ({ passedOver }: Pick<ScenarioFiles, 'passedOver'>): string[] =>
  passedOver.map(passedOverLine);

/**
 * The files that are meant by names. Beside others, a strategy is left out: a pattern of a shell takes it in.
 */
export function resolveScenarios(given: readonly string[]): { files: string[]; leftOut: string[] } {
  const files = given.map(resolveScenario);
  const left = files.filter((file) => isStrategy(file));
  if (left.length === files.length) return { files, leftOut: [] };
  return {
    files: files.filter((file) => !left.includes(file)),
    leftOut: left.map((file) => `${relative('.', file)} is left out: it is a strategy, and no scenario`),
  };
}

function isStrategy(file: string): boolean {
  const data = dataOf(file, readFileSync(file, 'utf8'));
  return isMapping(data) && Object.hasOwn(data, 'components') && !Object.hasOwn(data, 'scenario');
}

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
