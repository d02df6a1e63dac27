import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import type { Artifact, PlainFile, RestoreContext } from '../../core/backup.ts';
import { environmentError } from '../../core/errors.ts';
import type { Helper } from '../../core/service.ts';
import type { Json } from '../../core/timeline.ts';
import { aofOptions } from './config.ts';
import { parseManifest, type ManifestEntry } from './aof-manifest.ts';
import { assertOwnMaster, cutOver, loadedOf } from './cutover.ts';
import { assertLoadable } from './position.ts';
import { keysRead } from './rdb-format.ts';
import type { RedisSite } from './site.ts';
import { script, sendFile } from './transfer.ts';
import { aofFacts } from './aof-manifest.ts';

/**
 * Puts an append-only file in the place of the data. The server must have it switched on, or it would not
 * look at it.
 */
export async function restoreAof(site: RedisSite, from: Artifact, context: RestoreContext): Promise<Json> {
  aofOptions.parse(context.options);
  const { persistence } = site;
  if (!persistence.appendonly)
    throw environmentError('the server would not load an append-only file', {
      found: 'appendonly no',
      expected: 'appendonly yes',
    });
  assertLoadable(from.server, site.version);
  const { manifest, entries } = await assertWhole(from);
  let keysInBase: number | null = null;
  const facts = await cutOver(site, context, {
    receive: async (helper, incoming) => {
      const folder = `${incoming}/${persistence.appenddirname}`;
      const anew = 'rm -rf "$1"; mkdir -p "$2"';
      await script(helper, 'the volume cannot be written', anew, [incoming, folder], {
        signal: context.signal,
      });
      const total = from.files.reduce((sum, { bytes }) => sum + bytes, 0);
      let sent = 0;
      for (const file of from.files) {
        // The manifest's own name is the server's setting; the names inside it stay.
        const name = file.name === manifest ? `${persistence.appendfilename}.manifest` : file.name;
        await sendFile(helper, file, `${folder}/${name}`, {
          signal: context.signal,
          sent: (bytes) => context.progress((sent += bytes), total, 'bytes'),
        });
      }
      keysInBase = await keysOfBase(
        helper,
        { folder, entries },
        site.product.programs.checkRdb,
        context.signal,
      );
    },
  });
  const data = from.files.filter(({ name }) => name !== manifest).reduce((sum, { bytes }) => sum + bytes, 0);
  const { loaded, bytesLoaded } = await assertLoaded(site, keysInBase, data);
  await assertOwnMaster(site);
  return {
    files: from.files.length,
    bytes: from.files.reduce((sum, { bytes }) => sum + bytes, 0),
    keysInBase: loaded,
    bytesLoaded,
    ...facts,
  };
}

/**
 * Keys of a base that is a snapshot, by its own check; null for one that is a log of commands, and where
 * there is no base.
 */
async function keysOfBase(
  helper: Helper,
  { folder, entries }: { folder: string; entries: readonly ManifestEntry[] },
  check: string,
  signal: AbortSignal,
): Promise<number | null> {
  const base = entries.find(({ type, file }) => type === 'b' && file.endsWith('.rdb'));
  if (!base) return null;
  const { stdout } = await script(
    helper,
    `${check} refuses the base; nothing was changed`,
    `${check} "$1"`,
    [`${folder}/${base.file}`],
    { signal },
  );
  return keysRead(stdout);
}

/**
 * The running server must have loaded the base, key by key, and files of that length at least. A rewrite
 * since then makes them shorter.
 */
async function assertLoaded(
  site: RedisSite,
  keysInBase: number | null,
  bytes: number,
): Promise<{ loaded: number; bytesLoaded: number }> {
  const { loaded, expired } = await loadedOf(site);
  const info = await site.server.info('persistence');
  const bytesLoaded = Number(info['aof_current_size']);
  const expected = `${keysInBase ?? 'any'} keys of the base, and ${bytes} bytes`;
  const whole =
    (keysInBase === null || loaded + expired === keysInBase) &&
    (info['aof_rewrites'] !== '0' || bytesLoaded >= bytes);
  if (!whole)
    throw environmentError('the server did not load what was restored', {
      found: `${loaded} keys loaded, ${expired} expired, ${bytesLoaded} bytes`,
      expected,
    });
  return { loaded, bytesLoaded };
}

/**
 * Throws unless every file that the manifest names is there as it was backed up. Gives the manifest's name,
 * and what is in it. A flipped byte in a log is valid syntax: only the digest shows it.
 */
async function assertWhole(from: Artifact): Promise<{ manifest: string; entries: ManifestEntry[] }> {
  const facts = aofFacts.parse(from.facts);
  const byName = new Map<string, PlainFile>(from.files.map((file) => [file.name, file]));
  for (const { name, bytes, sha256 } of facts.files) {
    const file = byName.get(name);
    if (!file)
      throw environmentError('a file of the recovery point is missing', {
        found: [...byName.keys()].join(', ') || 'no files',
        expected: name,
      });
    const found = await digestOfFile(file.path);
    if (file.bytes !== bytes || found !== sha256)
      throw environmentError(`${name} is not what was backed up`, {
        found: `${file.bytes} bytes, sha256 ${found}`,
        expected: `${bytes} bytes, sha256 ${sha256}`,
        hint: 'Nothing was changed. Restore from another copy.',
      });
  }
  const manifest = byName.get(facts.manifest);
  if (!manifest) throw environmentError('the recovery point has no manifest', { expected: facts.manifest });
  const entries = parseManifest(await readFile(manifest.path, 'utf8'));
  for (const { file, type } of entries) {
    if (type !== 'h' && !byName.has(file))
      throw environmentError('a file of the recovery point is missing', {
        found: [...byName.keys()].join(', '),
        expected: file,
      });
  }
  return { manifest: facts.manifest, entries };
}

async function digestOfFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return hash.digest('hex');
}
