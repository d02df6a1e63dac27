import { enableCompileCache } from 'node:module';
import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';

/**
 * Where Node keeps what it made of our files, each entry by a digest of its source: a folder of this user's,
 * because whatever lies in it is run. NODE_COMPILE_CACHE names another one.
 */
export function compiledFolder(env: NodeJS.ProcessEnv = process.env): string {
  const { NODE_COMPILE_CACHE: named, XDG_CACHE_HOME: caches = '' } = env;
  return named || join(isAbsolute(caches) ? caches : join(homedir(), '.cache'), 'muster', 'compiled');
}

/**
 * Loading all that a drill needs takes a processor for a second otherwise, in each process. Where the folder
 * cannot be written, nothing is kept, and nothing else is different.
 */
export const keepCompiled = (): void => void enableCompileCache(compiledFolder());
