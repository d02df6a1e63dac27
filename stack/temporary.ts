import { createHash } from 'node:crypto';
import {
  appendFileSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  rmdirSync,
  writeFileSync,
} from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { ownerMark } from '../core/owner.ts';
import { currentOwner, ownerIsGone } from './owner.ts';

/**
 * Everything temporary that Muster has outside of its drills' folders lies below one folder of the user's for
 * each process, so that what a killed one left can be told and removed. Falls back to a plain temporary
 * folder where another user has taken the name.
 */
export async function temporaryFolder(purpose: string): Promise<string> {
  return mkdtemp(join(ownFolder() ?? tmpdir(), `muster-${purpose}-`));
}

/** Folders in which this process keeps drills: whoever removes what it left looks there as well. */
const homesFile = '.homes';

/** Where the folder cannot be made, only who starts there again finds what was left there. */
export function rememberHome(home: string): void {
  const folder = ownFolder();
  if (folder !== null) appendFileSync(join(folder, homesFile), `${home}\n`, { mode: 0o600 });
}

const isKept = (name: string): boolean => name !== ownerMark && name !== homesFile;

const rootOf = (): string => join(tmpdir(), `muster-${process.getuid?.() ?? 0}`);

/** A folder that nobody but this user can write to or read, and no link to one. */
function isOwn(path: string): boolean {
  const seen = lstatSync(path, { throwIfNoEntry: false });
  return seen?.isDirectory() === true && seen.uid === process.getuid?.() && (seen.mode & 0o077) === 0;
}

let endings = new Set<string>();

/** Null where it cannot be made so that it is nobody else's. */
function ownFolder(): string | null {
  const owner = currentOwner();
  const name = createHash('sha256').update(owner).digest('hex').slice(0, 16);
  const [root, path] = [rootOf(), join(rootOf(), name)];
  try {
    for (const folder of [root, path]) {
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      if (!isOwn(folder)) return null;
    }
    // Whoever looks for what dead ones left, between the two, finds nothing that says that it may go.
    writeFileSync(join(path, ownerMark), owner, { mode: 0o600 });
  } catch {
    return null;
  }
  if (endings.size === 0) process.once('exit', leaveNothing);
  endings.add(path);
  return path;
}

/**
 * The folders themselves, once nothing is in them any more: what is still there is for whoever comes next.
 */
function leaveNothing(): void {
  for (const path of endings) {
    try {
      if (readdirSync(path).some(isKept)) continue;
      for (const name of [homesFile, ownerMark]) rmSync(join(path, name), { force: true });
      rmdirSync(path);
    } catch {
      // Another made it anew, or removed it.
    }
  }
  endings = new Set();
}

/**
 * Removes what processes of Muster left that are gone, and gives it: nothing that is not its own. Before
 * that, `before` is told where those had kept drills.
 */
export async function removeDeadTemporary(
  before: (homes: readonly string[]) => Promise<void> = async () => undefined,
): Promise<string[]> {
  const root = rootOf();
  const [removed, dead]: [string[], string[]] = [[], []];
  for (const name of isOwn(root) ? await readdir(root).catch(() => []) : []) {
    const path = join(root, name);
    const said = isOwn(path) ? readMark(path) : null;
    // TMPDIR may be on a share: another boot is not always one of this machine.
    if (said !== null && ownerIsGone(said.text, said.atMs)) dead.push(path);
  }
  await before(dead.flatMap((path) => linesOf(join(path, homesFile))));
  for (const path of dead) {
    const left = await readdir(path).catch(() => []);
    const gone = await rm(path, { recursive: true, force: true }).then(
      () => true,
      () => false,
    );
    if (gone) removed.push(...left.filter(isKept).map((one) => join(path, one)));
  }
  return removed;
}

function linesOf(path: string): string[] {
  try {
    return readFileSync(path, 'utf8').split('\n').filter(isAbsolute);
  } catch {
    return [];
  }
}

/** Whose a folder is, and since when; null where it does not say so in a file of this user's own. */
export function readMark(folder: string): { text: string; atMs: number } | null {
  const path = join(folder, ownerMark);
  try {
    const seen = lstatSync(path);
    if (!seen.isFile() || seen.uid !== process.getuid?.()) return null;
    const text = readFileSync(path, 'utf8').trim();
    return text === '' ? null : { text, atMs: seen.mtimeMs };
  } catch {
    return null;
  }
}
