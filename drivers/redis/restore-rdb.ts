import type { Artifact, PlainFile, RestoreContext } from '../../core/backup.ts';
import { environmentError, inputError } from '../../core/errors.ts';
import type { Helper } from '../../core/service.ts';
import type { Json } from '../../core/timeline.ts';
import { rdbOptions } from './config.ts';
import { assertOwnMaster, cutOver, loadedOf } from './cutover.ts';
import { assertLoadable } from './position.ts';
import { assertModules, assertPreloaded, preload } from './preload.ts';
import { assertRdbEdges, keysRead, rdbName } from './rdb-format.ts';
import type { Persistence } from './server.ts';
import type { RedisSite } from './site.ts';
import { edgesOf, script, sourceOf, takeFile } from './transfer.ts';

/**
 * Puts a snapshot in the place of the data. The three orders are those that people use; `copy` beside
 * `appendonly yes` is the mistake among them.
 */
export async function restoreRdb(site: RedisSite, from: Artifact, context: RestoreContext): Promise<Json> {
  const { persistence } = site;
  const { order = persistence.appendonly ? 'preload' : 'copy' } = rdbOptions.parse(context.options);
  if (order === 'base' && !persistence.appendonly)
    throw inputError('order base needs an append-only file', {
      found: 'appendonly no',
      expected: 'appendonly yes',
      hint: 'use order copy',
    });
  const file = from.files.find(({ name }) => name === rdbName);
  if (!file)
    throw environmentError('the recovery point has no snapshot', {
      expected: rdbName,
      found: from.files.map(({ name }) => name).join(', ') || 'no files',
    });
  assertLoadable(from.server, site.version);
  const { head, tail, bytes } = await edgesOf(file.path, 9);
  assertRdbEdges(site.product, { head, tail, bytes }, persistence.format);
  const expected: Expected = { keys: 0, expired: 0 };
  const facts = await cutOver(site, context, {
    receive: async (helper, incoming) => {
      if (order === 'preload') await assertModules(helper, persistence);
      expected.keys = await receive(site, helper, incoming, file, context);
    },
    prepare: async (helper, incoming) => {
      if (order === 'base') await becomeBase(helper, incoming, persistence, context.signal);
      if (order === 'preload')
        Object.assign(
          expected,
          assertPreloaded(expected.keys, await preload(helper, incoming, site, context.signal)),
        );
    },
  });
  const loaded = await loadedOf(site);
  // Beside an append-only file, `copy` is the mistake that people make, and no script of theirs looks: the
  // drill's reading back does.
  if (order !== 'copy' || !persistence.appendonly) assertLoaded(expected, loaded);
  await assertOwnMaster(site);
  return {
    order,
    bytes,
    keysInSnapshot: expected.keys + expected.expired,
    keysExpired: expected.expired + loaded.expired,
    keysLoaded: loaded.loaded,
    ...facts,
  };
}

/** Keys that the server must load, and those of the snapshot whose time had come before. */
interface Expected {
  keys: number;
  expired: number;
}

const [noFolder, noFile] = [91, 92];
/** In one process: each of them costs the container a tenth of a second. */
const receiveScript = (check: string): string => `{ rm -rf "$3" && mkdir -p "$3"; } || exit ${noFolder}
{ ${takeFile}; } || exit ${noFile}
${check} "$1"`;

async function receive(
  { product, persistence }: RedisSite,
  helper: Helper,
  incoming: string,
  file: PlainFile,
  { signal, progress }: RestoreContext,
): Promise<number> {
  const path = `${incoming}/${persistence.dbfilename}`;
  let sent = 0;
  const { stdout } = await script(
    helper,
    {
      [noFolder]: 'the volume cannot be written',
      [noFile]: `${path} cannot be written`,
      else: `${product.programs.checkRdb} refuses the snapshot; nothing was changed`,
    },
    receiveScript(product.programs.checkRdb),
    [path, String(file.bytes), incoming],
    sourceOf(file.path, { signal, sent: (bytes) => progress((sent += bytes), file.bytes, 'bytes') }),
  );
  return keysRead(stdout);
}

/**
 * An append-only file of one base and nothing after it. The names and the manifest's line are those of aof.c.
 */
async function becomeBase(
  helper: Helper,
  incoming: string,
  persistence: Persistence,
  signal: AbortSignal,
): Promise<void> {
  const base = `${persistence.appendfilename}.1.base.rdb`;
  const text = 'mkdir "$1/$2"; mv "$1/$3" "$1/$2/$4"; echo "file $4 seq 1 type b" > "$1/$2/$5.manifest"';
  await script(
    helper,
    'the append-only file cannot be made',
    text,
    [incoming, persistence.appenddirname, persistence.dbfilename, base, persistence.appendfilename],
    { signal },
  );
}

/** The running server must have loaded what was prepared, but for keys whose time came in between. */
function assertLoaded(expected: Expected, loaded: { loaded: number; expired: number }): void {
  if (loaded.loaded + loaded.expired === expected.keys) return;
  throw environmentError('the server did not load what was restored', {
    found: `${loaded.loaded} keys loaded, ${loaded.expired} expired`,
    expected: `${expected.keys} keys`,
  });
}
