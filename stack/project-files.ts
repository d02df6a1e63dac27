import { readFile, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { parseSource } from '../core/document.ts';
import { isRecord, readText } from './compose-file.ts';

/** One compose file of a project, and how it came to be one. */
export interface ProjectFile {
  file: string;
  text: string;
  by: 'given' | 'include' | 'extends';
}

/** What a project is read from. `envFiles`: of each include that has some, what its variables come from. */
export interface ProjectFiles {
  files: ProjectFile[];
  envFiles: string[][];
}

interface Included {
  paths: string[];
  /** What paths in it are relative to. */
  folder: string;
  envFiles: string[];
}

/**
 * The files of a project, those that are given first, then what they include or extend, each once. Input
 * error where one that is given cannot be read. What else cannot be is left out, as is what lies on another
 * machine or has a variable in its path: Compose says what is wrong with it.
 */
export async function projectFiles(given: readonly string[]): Promise<ProjectFiles> {
  const found: ProjectFiles = { files: [], envFiles: [] };
  const folder = dirname(resolve(given[0]!));
  const taken = new Set(given.map((file) => resolve(file)));
  const texts = await Promise.all(given.map(async (file) => ({ file, text: await readText(file) })));
  for (const one of texts) found.files.push({ ...one, by: 'given' });
  for (const { text } of texts) await follow(found, taken, text, folder);
  return found;
}

/** `folder`: what paths in that text are relative to. */
async function follow(found: ProjectFiles, taken: Set<string>, text: string, folder: string): Promise<void> {
  // As a rule a file is the whole of it, and parsing takes a while.
  if (!/\b(?:include|extends)["']?\s*:/.test(text)) return;
  const root = parsed(text);
  for (const one of includedBy(root, folder)) {
    const there = await existing(one.envFiles);
    const isNew = !found.envFiles.some((some) => some.join('\n') === there.join('\n'));
    if (there.length > 0 && isNew) found.envFiles.push(there);
    for (const path of one.paths) await take(found, taken, path, 'include', one.folder);
  }
  for (const path of extendedBy(root, folder)) await take(found, taken, path, 'extends', dirname(path));
}

async function take(
  found: ProjectFiles,
  taken: Set<string>,
  file: string,
  by: ProjectFile['by'],
  folder: string,
): Promise<void> {
  if (taken.has(file)) return;
  taken.add(file);
  const text = await readFile(file, 'utf8').catch(() => null);
  if (text === null) return;
  found.files.push({ file, text, by });
  await follow(found, taken, text, folder);
}

function parsed(text: string): Record<string, unknown> {
  try {
    const { data } = parseSource('', text);
    return isRecord(data) ? data : {};
  } catch {
    return {};
  }
}

/** `include: [a.yml, { path: [b.yml, c.yml], project_directory: d, env_file: e }]` */
function includedBy({ include }: Record<string, unknown>, folder: string): Included[] {
  return (Array.isArray(include) ? (include as unknown[]) : []).flatMap((entry) => {
    const { path, project_directory: home, env_file: env } = isRecord(entry) ? entry : { path: entry };
    const paths = textsOf(path).map((one) => resolve(folder, one));
    if (paths.length === 0) return [];
    const base = typeof home === 'string' ? resolve(folder, home) : dirname(paths[0]!);
    const named = textsOf(env).map((one) => resolve(folder, one));
    return [{ paths, folder: base, envFiles: named.length > 0 ? named : [join(base, '.env')] }];
  });
}

/** `extends: { file: common.yml, service: base }` */
const extendedBy = ({ services }: Record<string, unknown>, folder: string): string[] =>
  (isRecord(services) ? Object.values(services) : []).flatMap((service) => {
    const by = isRecord(service) ? service['extends'] : undefined;
    return isRecord(by) ? textsOf(by['file']).map((file) => resolve(folder, file)) : [];
  });

const textsOf = (value: unknown): string[] =>
  [value].flat().filter((one): one is string => typeof one === 'string');

async function existing(files: readonly string[]): Promise<string[]> {
  const isFile = (file: string): Promise<boolean> =>
    stat(file).then(
      (one) => one.isFile(),
      () => false,
    );
  const there = await Promise.all(files.map(isFile));
  return files.filter((_, index) => there[index]);
}
