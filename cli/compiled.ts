import { chmodSync, existsSync, mkdirSync, realpathSync, statSync, type Stats } from 'node:fs';
import { enableCompileCache } from 'node:module';
import { homedir } from 'node:os';
import { dirname, isAbsolute, join } from 'node:path';

/**
 * Where Node keeps what it made of our files, each entry by a digest of its source. NODE_COMPILE_CACHE names
 * another one. Null where this user has no home.
 */
export function compiledFolder(
  env: NodeJS.ProcessEnv = process.env,
  home: () => string = homedir,
): string | null {
  const { NODE_COMPILE_CACHE: named, XDG_CACHE_HOME: caches = '' } = env;
  if (named) return named;
  const folder = isAbsolute(caches) ? caches : join(homeOrNone(home), '.cache');
  // Below the working directory anybody may have left something.
  return isAbsolute(folder) ? join(folder, 'muster', 'compiled') : null;
}

function homeOrNone(home: () => string): string {
  try {
    return home();
  } catch {
    return '';
  }
}

const foldersAbove = (path: string): string[] =>
  dirname(path) === path ? [path] : [path, ...foldersAbove(dirname(path))];

const stickyBit = 0o1000;
const writableByGroup = 0o020;
const writableByAll = 0o002;

/** Only this user and root can change what is in it, or, of what is `above`, only what is theirs. */
function isOurs({ uid, gid, mode }: Stats, above: boolean): boolean {
  const me = process.getuid?.();
  if (me === undefined) return true;
  if (uid !== me && !(above && uid === 0)) return false;
  if (above && mode & stickyBit) return true;
  // Many systems give each user a group of the same number, with nobody else in it.
  const group = gid === me && process.getgid?.() === gid ? 0 : writableByGroup;
  return (mode & (group | writableByAll)) === 0;
}

const isBelowOurs = (folder: string): boolean =>
  foldersAbove(dirname(folder)).every((one) => !existsSync(one) || isOurs(statSync(one), true));

/**
 * The folder, made where it is not there; undefined where nobody may keep anything, or where others than this
 * user could put something into it: what lies there is run.
 */
export function cacheFolder(folder: string | null = compiledFolder()): string | undefined {
  if (folder === null || folder === process.env['NODE_COMPILE_CACHE']) return folder ?? undefined;
  try {
    // Before anything is made: root may have the home of another user.
    if (!isBelowOurs(folder)) return undefined;
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    if (!isBelowOurs(folder) || !isBelowOurs(realpathSync(folder)) || !isOurs(statSync(folder), false))
      return undefined;
    // Node makes folders below it by the umask of whoever starts it.
    chmodSync(folder, 0o700);
    return folder;
  } catch {
    return undefined;
  }
}

/**
 * Loading all that a drill needs takes a processor for a second otherwise, in each process. Where nothing can
 * be kept, nothing else is different.
 */
export function cacheCompiled(): void {
  const folder = cacheFolder();
  if (folder !== undefined) enableCompileCache(folder);
}
