import type { z } from 'zod';
import { pollUntil } from '../../core/clock.ts';
import type { BackupMethod, Sink } from '../../core/backup.ts';
import { environmentError } from '../../core/errors.ts';
import { markKey } from './keys.ts';
import { positionOf } from './position.ts';
import { restoreAof } from './restore-aof.ts';
import type { RedisSite } from './site.ts';
import { fetchFile, script } from './transfer.ts';
import type { aofFacts } from './aof-manifest.ts';

const pollMs = 20;
const rewriteDeadlineMs = 30 * 60_000;
const syncDeadlineMs = 30_000;
const rewriteSetting = 'auto-aof-rewrite-percentage';

/** The append-only file while it is being written. After "Backing up AOF persistence" of the manual. */
export const aofMethod = (site: RedisSite): BackupMethod => ({
  backup: async (to, { signal, now }) => {
    if (!site.persistence.appendonly)
      throw environmentError('there is no append-only file to back up', {
        found: 'appendonly no',
        expected: 'appendonly yes',
      });
    return withoutRewrites(site, signal, async () => {
      const position = await positionOf(site.server);
      const atMs = now();
      await written(site);
      const facts = await withLinks(site, signal, (folder, files) =>
        deliver(site, to, folder, files, signal),
      );
      return { atMs, position, tool: `append-only file of ${site.version}`, server: site.version, facts };
    });
  },
  restore: (from, context) => restoreAof(site, from, context),
});

/** A rewrite replaces files while they are copied: none may run, and none may begin. */
const withoutRewrites = <T>(
  { server, clock, lent }: RedisSite,
  signal: AbortSignal,
  work: () => Promise<T>,
): Promise<T> =>
  lent.during(rewriteSetting, '0', async () => {
    const quiet = await pollUntil(
      clock,
      { everyMs: pollMs, deadlineMs: rewriteDeadlineMs, signal },
      async () => {
        const info = await server.info('persistence');
        return info['aof_rewrite_in_progress'] === '0' && info['aof_rewrite_scheduled'] === '0';
      },
    );
    if (!quiet) throw environmentError('the rewrite of the append-only file did not end');
    return work();
  });

/**
 * Everything acknowledged before this was called is in the files when it resolves: our own write comes after
 * it in the one order that the server has, and WAITAOF answers once that is synced. Without it, a write that
 * everysec has postponed would be missing.
 */
async function written({ product, server, component }: RedisSite): Promise<void> {
  const synced = await server.run(async (redis) => {
    await redis.set(markKey(component), '1', 'PX', syncDeadlineMs * 2);
    const polls = syncDeadlineMs / 500;
    for (let i = 0; i < polls; i += 1) {
      // Shorter than the connection's own patience, so that a slow disk is not taken for a dead server.
      const [local] = (await redis.call('WAITAOF', '1', '0', '500')) as [number, number];
      if (local === 1) return true;
    }
    return false;
  });
  if (!synced)
    throw environmentError(`${product.name} did not sync its append-only file`, {
      found: `nothing after ${syncDeadlineMs} ms`,
      hint: 'the disk is slow or full: see aof_delayed_fsync and aof_last_write_status in INFO persistence',
    });
}

interface LinkedFile {
  name: string;
  bytes: number;
}

const linkScript = `
cd "$1"
rm -rf "$3"
mkdir "$3"
cp "$2/$4.manifest" "$3/"
sed -n 's/^file \\([^ ]*\\) seq [0-9]* type [bi].*/\\1/p' "$3/$4.manifest" | while IFS= read -r name; do
  ln "$2/$name" "$3/$name" 2>/dev/null || cp "$2/$name" "$3/$name"
done
cd "$3"
wc -c * | sed '/ total$/d'`;

/** Names of our own for the files, and their lengths now: a link to the last one goes on growing. */
async function withLinks<T>(
  site: RedisSite,
  signal: AbortSignal,
  work: (folder: string, files: LinkedFile[]) => Promise<T>,
): Promise<T> {
  const { dir, appenddirname, appendfilename } = site.persistence;
  const name = `muster-aof-${site.nextNumber()}`;
  await site.links.removeLeft(site.service);
  try {
    const { stdout } = await script(
      site.service,
      'the append-only file is not where the configuration says',
      linkScript,
      [dir, appenddirname, name, appendfilename],
      { signal },
    );
    const files = [...stdout.matchAll(/^\s*(\d+) (.+)$/gm)].map(([, bytes, file]) => ({
      name: file!,
      bytes: Number(bytes),
    }));
    return await work(`${dir}/${name}`, files);
  } finally {
    await site.links.remove(site.service, `${dir}/${name}`);
  }
}

async function deliver(
  site: RedisSite,
  to: Sink,
  folder: string,
  files: LinkedFile[],
  signal: AbortSignal,
): Promise<z.infer<typeof aofFacts>> {
  const manifest = `${site.persistence.appendfilename}.manifest`;
  if (!files.some(({ name }) => name === manifest) || files.length < 2)
    throw environmentError('the append-only file is not whole', {
      found: files.map(({ name }) => name).join(', ') || 'no files',
      expected: `${manifest} and the files it names`,
    });
  const kept = [];
  for (const file of files) {
    const { sha256 } = await fetchFile(
      site.service,
      to,
      { ...file, path: `${folder}/${file.name}` },
      () => undefined,
      signal,
    );
    kept.push({ ...file, sha256 });
  }
  return { manifest, files: kept };
}
