import type { BackupMethod, Sink } from '../../core/backup.ts';
import { pollUntil } from '../../core/clock.ts';
import { environmentError, messageOf } from '../../core/errors.ts';
import { positionOf } from './position.ts';
import { assertRdbEdges, keysRead, rdbEdges, rdbName } from './rdb-format.ts';
import { restoreRdb } from './restore-rdb.ts';
import type { RedisSite } from './site.ts';
import { fetchFile, script } from './transfer.ts';

const pollMs = 20;
const saveDeadlineMs = 30 * 60_000;

/** BGSAVE, and the file that it leaves. After "Backing up Redis data" of its manual (persistence). */
export const rdbMethod = (site: RedisSite): BackupMethod => ({
  backup: async (to, { signal, now }) => {
    const position = await positionOf(site.server);
    const atMs = await save(site, now, signal);
    const persistence = await site.server.info('persistence');
    const facts = await withLink(site, signal, (link, bytes, checked) =>
      deliver(site, to, { link, bytes, checked, signal }),
    );
    return {
      atMs,
      position,
      tool: `BGSAVE of ${site.version}`,
      server: site.version,
      facts: {
        ...facts,
        saveSeconds: Number(persistence['rdb_last_bgsave_time_sec']),
        copyOnWriteBytes: Number(persistence['rdb_last_cow_size']),
      },
    };
  },
  restore: (from, context) => restoreRdb(site, from, context),
});

/**
 * Has a snapshot written and waits for it. Gives the moment just before the command was accepted: everything
 * acknowledged before it had been executed when the server forked, because the server executes one command at
 * a time and the fork came after. So the point is never said to hold more than it does; at most a little more
 * is in it.
 */
async function save(site: RedisSite, now: () => number, signal: AbortSignal): Promise<number> {
  const { product, server, clock } = site;
  const before = Number((await server.info('persistence'))['rdb_saves']);
  let atMs = now();
  let queued = false;
  const accepted = await pollUntil(
    clock,
    { everyMs: pollMs, deadlineMs: saveDeadlineMs, signal },
    async () => {
      atMs = now();
      try {
        // SCHEDULE: while an append-only file is rewritten, a plain BGSAVE is refused.
        const answer = String(await server.run((redis) => redis.call('BGSAVE', 'SCHEDULE')));
        queued = answer.includes('scheduled');
        return true;
      } catch (error) {
        // That save forked before we asked: it is not ours.
        if (messageOf(error).includes('already in progress')) return false;
        throw error;
      }
    },
  );
  if (!accepted)
    throw environmentError(`${product.name} did not begin a snapshot`, {
      found: 'another save went on all the time',
    });
  const done = await pollUntil(clock, { everyMs: pollMs, deadlineMs: saveDeadlineMs, signal }, async () => {
    const info = await server.info('persistence');
    if (info['rdb_bgsave_in_progress'] !== '0') {
      queued = false;
      return false;
    }
    // LASTSAVE has a resolution of a second; the counter has none.
    if (Number(info['rdb_saves']) > before && info['rdb_last_bgsave_status'] === 'ok') return true;
    if (queued) return false;
    throw environmentError(`${product.name} could not write the snapshot`, {
      found: `rdb_last_bgsave_status:${info['rdb_last_bgsave_status']}, rdb_saves:${info['rdb_saves']} after ${before}`,
      hint: 'see the log of the server; a full disk is the usual reason',
    });
  });
  if (!done)
    throw environmentError('the snapshot did not end', {
      found: `still being written after ${saveDeadlineMs} ms`,
    });
  return atMs;
}

const notThere = 91;
/** In one process: each of them costs the container a tenth of a second. */
const linkScript = (check: string): string => `
link="$1.muster-$2"
rm -f "$link"
ln "$1" "$link" 2>/dev/null || cp "$1" "$link" || exit ${notThere}
wc -c < "$link"
${check} "$link"`;

/** A name of our own for the file: the next save replaces the file, and never changes it. */
async function withLink<T>(
  site: RedisSite,
  signal: AbortSignal,
  work: (link: string, bytes: number, checked: string) => Promise<T>,
): Promise<T> {
  const file = `${site.persistence.dir}/${site.persistence.dbfilename}`;
  const { checkRdb } = site.product.programs;
  const mark = String(site.nextNumber());
  await site.links.removeLeft(site.service);
  try {
    const { stdout } = await script(
      site.service,
      {
        [notThere]: 'the snapshot is not where the configuration says',
        else: `${checkRdb} refuses the snapshot`,
      },
      linkScript(checkRdb),
      [file, mark],
      { signal },
    );
    const [bytes] = stdout.split('\n', 1);
    return await work(`${file}.muster-${mark}`, Number(bytes), stdout.slice(bytes!.length));
  } finally {
    await site.links.remove(site.service, `${file}.muster-${mark}`);
  }
}

async function deliver(
  site: RedisSite,
  to: Sink,
  { link, bytes, checked, signal }: { link: string; bytes: number; checked: string; signal: AbortSignal },
): Promise<Record<string, string | number>> {
  const edges = rdbEdges();
  const { sha256 } = await fetchFile(
    site.service,
    to,
    { name: rdbName, path: link, bytes },
    edges.add,
    signal,
  );
  assertRdbEdges(site.product, { head: edges.head(), tail: edges.tail(), bytes });
  return { bytes, sha256, keys: keysRead(checked) };
}
