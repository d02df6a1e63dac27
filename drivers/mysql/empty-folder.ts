import { createHash } from 'node:crypto';
import type { BegunWith } from '../../core/begun-with.ts';
import { environmentError, messageOf } from '../../core/errors.ts';
import type { KeptFolder, Shell } from '../../core/service.ts';
import { folderOptions, readFormative } from './formative.ts';
import { initialise, type ScratchOptions } from './scratch-server.ts';
import { withSession, type Settings, type Site } from './server.ts';

/** To be raised when what `prepareFolder` does changes: folders of before are not taken then. */
const recipe = 1;
const digestMs = 60_000;
const makingMs = 180_000;

/** All that decides what is in an empty data folder, but the server's image. */
export const folderKey = (owner: string, settings: Settings): string =>
  createHash('sha256')
    .update(JSON.stringify(['mysql', recipe, owner, folderOptions(settings)]))
    .digest('hex');

/**
 * Has an empty data folder kept for the restores of this and of later drills, as this server would need it:
 * making one takes a processor for seconds. It has no identity of its own: no UUID and no keys.
 */
export async function prepareFolder(site: Site): Promise<void> {
  const { service, owner, clock } = site;
  try {
    const settings = await withSession(site, readFormative);
    await service.keep({
      key: folderKey(owner, settings),
      owner,
      fill: async (helper, path) => {
        const begunMs = clock.nowMs();
        await initialise(helper, path, { settings, owner, signal: AbortSignal.timeout(makingMs) });
        const madeInMs = String(Math.round(clock.nowMs() - begunMs));
        const sha256 = await told(helper, 'looking at what was made', withoutIdentity + digest, [path]);
        return { sha256, madeInMs, madeAt: new Date().toISOString() };
      },
    });
  } catch (error) {
    site.note(
      `no empty data folder is kept for restores of ${service.name}, so that each makes one: ${messageOf(error)}`,
    );
  }
}

/**
 * An empty data folder, where nothing but hidden names lies: the one that the helper has, if it is what was
 * made, or else one that is made now. Gives what was taken; null where nothing was.
 */
export async function layFolder(options: ScratchOptions): Promise<BegunWith | null> {
  const { helper, signal, site } = options;
  if (helper.kept) {
    try {
      const what = await taken(options, helper.kept);
      site.beganWith(what);
      return what;
    } catch (error) {
      signal.throwIfAborted();
      site.note(`the empty data folder that is kept was not taken, and one is made: ${messageOf(error)}`);
      await told(helper, 'removing what was taken', remove, [site.dataFolder], signal);
    }
  }
  await initialise(helper, site.dataFolder, { ...options, owner: site.owner });
  return null;
}

async function taken(
  { helper, signal, site }: ScratchOptions,
  { path, facts }: KeptFolder,
): Promise<BegunWith> {
  const { sha256 = '', madeAt = '', madeInMs = '' } = facts;
  if (!/^[0-9a-f]{64}$/.test(sha256) || !/^\d+$/.test(madeInMs) || Number.isNaN(Date.parse(madeAt)))
    throw environmentError('it does not say what it was', { found: JSON.stringify(facts) });
  const found = await told(helper, 'taking it', copy + digest, [site.dataFolder, path], signal);
  if (found !== sha256) throw environmentError('it is not what was made', { found, expected: sha256 });
  return { of: site.component, what: 'an empty data folder', sha256, madeAt, madeInMs: Number(madeInMs) };
}

/** What a script says, in the folder that is its first argument. */
async function told(
  helper: Shell,
  what: string,
  script: string,
  args: readonly string[],
  signal?: AbortSignal,
): Promise<string> {
  const { code, stdout, stderr } = await helper.exec(
    ['sh', '-c', `set -e; cd "$1"; ${script}`, what, ...args],
    {
      deadlineMs: digestMs,
      ...(signal ? { signal } : {}),
    },
  );
  if (code === 0) return stdout.trim();
  throw environmentError(`${what} failed with code ${code}`, { found: stderr.trim() || 'no message' });
}

const withoutIdentity = 'rm -f auto.cnf *.pem; ';
/** Every block is written, as a server does: a full disk must hit the copy as it would hit the original. */
const copy = 'find "$2" -mindepth 1 -maxdepth 1 -exec cp -a --sparse=never -t . -- {} +; ';
const remove = "find . -mindepth 1 -maxdepth 1 ! -name '.*' -exec rm -rf -- {} +";
/** Names, owners, modes and contents of all but hidden names, which are not the server's. */
const digest = `{
    find . -mindepth 1 ! -path './.*' -type d -printf '%P %y %m %U:%G\\n' | LC_ALL=C sort
    find . -mindepth 1 ! -path './.*' ! -type d -printf '%P %y %m %U:%G %s\\n' | LC_ALL=C sort
    find . -mindepth 1 ! -path './.*' -type f -print0 | LC_ALL=C sort -z | xargs -0r sha256sum --
  } | sha256sum | cut -c 1-64`;
