import { createWriteStream } from 'node:fs';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Artifact, RestoreContext } from '../../core/backup.ts';
import { environmentError } from '../../core/errors.ts';
import type { Json } from '../../core/timeline.ts';
import { backupDump, dumpName } from './dump.ts';
import { scratchHelper } from './point.ts';
import { fence, loadBase } from './restore.ts';
import { assertOwnData } from './own-data.ts';
import type { MysqlSite } from './site.ts';

const dumpMs = 600_000;
const readyMs = 120_000;

/**
 * Replaces everything that this server holds by a consistent copy of the source, accounts included, and
 * brings it up read-only: made by a server of Muster's own without network, so that no client ever writes to
 * it in between. What it held is thrown away.
 */
export async function copyOfSource(site: MysqlSite, source: MysqlSite): Promise<{ [key: string]: Json }> {
  await assertOwnData(site);
  const folder = await mkdtemp(join(site.scratch(), 'copy-'));
  try {
    const artifact = await dumpOf(source, join(folder, dumpName));
    const context = unattended();
    await fence(site, context, 'kill');
    const helper = await scratchHelper(site, artifact);
    try {
      const { server, facts } = await loadBase(site, helper, artifact, context);
      // Kept on the volume by the server itself: the service is read-only from its first moment on.
      await server.sql('SET PERSIST super_read_only = ON');
      await server.stop();
      const { keptIn } = facts['damagedData'] as { keptIn: string | null };
      if (keptIn) await helper.exec(['rm', '-rf', keptIn], { deadlineMs: 60_000 });
    } finally {
      await helper.remove();
    }
    await site.service.start();
    await site.service.waitHealthy(readyMs);
    return { gtid: artifact.position['gtid'] ?? '', bytes: artifact.files[0]!.bytes };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The source's own dump, as a recovery point would hold it, in a scratch file. */
async function dumpOf(source: MysqlSite, path: string): Promise<Artifact> {
  const put = async (name: string, content: Readable): Promise<{ plainBytes: number; sha256: string }> => {
    // What the source persists is its own affair: another server's role and limits are others.
    if (name !== dumpName) {
      content.resume();
      return { plainBytes: 0, sha256: '' };
    }
    await pipeline(content, createWriteStream(path, { mode: 0o600 }));
    return { plainBytes: (await stat(path)).size, sha256: '' };
  };
  const made = await backupDump(source)(
    { put },
    { options: {}, signal: AbortSignal.timeout(dumpMs), now: source.clock.nowMs },
  );
  if (made.position['gtid'] === undefined)
    throw environmentError(`${source.service.name} does not say which transactions its copy holds`, {
      expected: 'gtid_mode=ON',
    });
  const { size } = await stat(path);
  return {
    point: `a copy of ${source.service.name}`,
    method: 'dump',
    position: made.position,
    tool: made.tool,
    server: made.server,
    facts: made.facts ?? null,
    files: [{ name: dumpName, path, bytes: size }],
  };
}

/** A restore that nobody watches: part of an action, not a step of its own. */
const unattended = (): RestoreContext => ({
  options: {},
  signal: AbortSignal.timeout(dumpMs),
  stage: (_stage, _what, work) => work(),
  progress: () => undefined,
});
