import { createHash } from 'node:crypto';
import type { BegunWith } from '../../core/begun-with.ts';
import { environmentError, messageOf } from '../../core/errors.ts';
import type { PreparedFolder, Shell } from '../../core/service.ts';
import { folderOptions, readFormative } from './formative.ts';
import { initialise, type ScratchOptions } from './scratch-server.ts';
import type { MysqlSite } from './site.ts';
import { withSession } from './session.ts';
import type { Settings } from './server-settings.ts';

/** How long making one takes is measured beside it: what keeps Muster busy meanwhile is no part of it. */
const timedBy = 'the uptime clock of the container that it was made in';
/** To be raised when what `prepareFolder` does changes: folders of before are not taken then. */
const recipe = 3;
const digestMs = 60_000;
const makingMs = 180_000;

/** All that decides what is in an empty data folder, but the server's image. */
export const folderKey = (
  { owner, product }: Pick<MysqlSite, 'owner' | 'product'>,
  settings: Settings,
): string =>
  createHash('sha256')
    .update(JSON.stringify([product.name.toLowerCase(), recipe, owner, folderOptions(settings)]))
    .digest('hex');

/**
 * Has an empty data folder kept for the restores of this and of later drills, as this server would need it:
 * making one takes a processor for seconds. It has no identity of its own: no UUID and no keys.
 */
export async function prepareFolder(site: MysqlSite): Promise<void> {
  const { service, owner } = site;
  try {
    const settings = await withSession(site, readFormative);
    await service.prepareFolder({
      key: folderKey(site, settings),
      owner,
      fill: async (helper, path) => {
        const tookMs = await initialise(helper, path, {
          settings,
          site,
          signal: AbortSignal.timeout(makingMs),
        });
        // What it saves counts in the time of a recovery: without that, nothing is saved.
        if (!Number.isFinite(tookMs)) throw environmentError('nothing says how long making it took');
        const sha256 = await told(helper, 'looking at what was made', withoutIdentity + digest, [path]);
        return { sha256, madeInMs: String(tookMs), timedBy, madeAt: new Date().toISOString() };
      },
    });
  } catch (error) {
    site.note(
      `no empty data folder is kept for restores of ${service.name}, so that each makes one: ${messageOf(error)}`,
    );
  }
}

const notTaken = 'the empty data folder that is kept was not taken, and one is made';

/**
 * An empty data folder, where nothing but hidden names lies: the one that the helper has, if it is what was
 * made, or else one that is made now. Gives what was taken; null where nothing was. One that is not what was
 * made is discarded.
 */
export async function layFolder(options: ScratchOptions): Promise<BegunWith | null> {
  const { helper, signal, site } = options;
  if (helper.missed !== null) site.note(`${notTaken}: ${helper.missed}`);
  if (helper.kept) {
    const what = await taken(options, helper.kept).catch((error: unknown) => {
      signal.throwIfAborted();
      return messageOf(error);
    });
    if (typeof what !== 'string') {
      site.beganWith(what);
      return what;
    }
    site.note(`${notTaken}: ${what}`);
    await told(helper, 'removing what was taken', remove, [site.dataFolder], signal);
  }
  await made(options);
  return null;
}

/**
 * Makes one in a folder beside, whose name the server does not see: what its components keep in the data
 * folder (a keyring) is there before it is looked at, and the server takes none that holds something.
 */
async function made(options: ScratchOptions): Promise<void> {
  const { helper, site, signal } = options;
  const at = (script: string): Promise<string> =>
    told(helper, 'making an empty data folder', script, [site.dataFolder, beside], signal);
  await at('rm -rf -- "$2"');
  await initialise(helper, `${site.dataFolder}/${beside}`, options);
  await at('find "$2" -mindepth 1 -maxdepth 1 -exec mv -t . -- {} +; rmdir -- "$2"');
}

const beside = '.muster-new';

/** Rejects where it cannot be taken. In words, why it is not what was made. */
async function taken(
  { helper, signal, site }: ScratchOptions,
  kept: PreparedFolder,
): Promise<BegunWith | string> {
  const { sha256 = '', madeAt = '', madeInMs = '', timedBy = '' } = kept.facts;
  const isTold = /^[0-9a-f]{64}$/.test(sha256) && /^\d+$/.test(madeInMs) && timedBy !== '';
  if (!isTold || Number.isNaN(Date.parse(madeAt)))
    return discarded(kept, `it does not say what it was (${JSON.stringify(kept.facts)})`);
  const found = await told(helper, 'taking it', copy + digest, [site.dataFolder, kept.path], signal);
  if (found !== sha256) return discarded(kept, `it is not what was made (SHA-256 ${found}, was ${sha256})`);
  const made = { madeAt, madeInMs: Number(madeInMs), timedBy };
  return { of: site.component, what: 'an empty data folder', sha256, ...made };
}

const discarded = async (kept: PreparedFolder, why: string): Promise<string> =>
  (await kept.discard().catch(() => false)) ? `${why}. It is removed, and a later drill keeps another` : why;

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
/** Hidden names are not the server's: Muster lays what is kept beside the data under such names. */
const itsNames = "-mindepth 1 -maxdepth 1 ! -name '.*'";
/**
 * Names, owners, modes and contents, and nothing else: what is looked at. Every block is written, as a server
 * does: a full disk must hit the copy as it would hit the original.
 */
const copy = `find "$2" ${itsNames} -exec cp -dR --preserve=mode,ownership --sparse=never -t . -- {} +; `;
const remove = `find . ${itsNames} -exec rm -rf -- {} +`;
/** Of exactly what is copied; of each file by BLAKE2b, for which a processor needs a third of the time. */
const digest = `{
    find . -mindepth 1 ! -path './.*' -type d -printf '%P %y %m %U:%G\\0' | LC_ALL=C sort -z
    find . -mindepth 1 ! -path './.*' ! -type d -printf '%P %y %m %U:%G %s %l\\0' | LC_ALL=C sort -z
    find . -mindepth 1 ! -path './.*' -type f -print0 | LC_ALL=C sort -z | xargs -0r b2sum --
  } | sha256sum | cut -c 1-64`;
