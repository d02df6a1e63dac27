import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { systemClock } from '../../core/clock.ts';
import type {
  Artifact,
  BackupMethod,
  Consistency,
  Follower,
  LogSink,
  PlainFile,
  RestoreContext,
  Sink,
} from '../../core/backup.ts';

/** A folder that receives what a driver backs up, and hands it back as the artifact that a restore gets. */
export interface Receiver extends Sink, LogSink {
  artifact(method: string, consistency: Consistency): Artifact;
  /** Changes the bytes of every file, as a bad disk would; what a method keeps is another than it was. */
  damage(change: (content: Buffer) => Buffer): Promise<void>;
  remove(): Promise<void>;
}

export async function createReceiver(): Promise<Receiver> {
  const folder = await mkdtemp(join(tmpdir(), 'muster-conformance-'));
  const files = new Map<string, PlainFile>();
  let changed = (sha256: string): string => sha256;
  const pathOf = (name: string): string => join(folder, name.replaceAll('/', '_'));
  return {
    put: async (name, content) => {
      const hash = createHash('sha256');
      let plainBytes = 0;
      await pipeline(
        content,
        async function* (chunks: AsyncIterable<Buffer | string>) {
          for await (const chunk of chunks) {
            const bytes = Buffer.from(chunk);
            hash.update(bytes);
            plainBytes += bytes.length;
            yield bytes;
          }
        },
        createWriteStream(pathOf(name)),
      );
      files.set(name, { name, path: pathOf(name), bytes: plainBytes });
      return { plainBytes, sha256: hash.digest('hex') };
    },
    append: async (file, offset, bytes) => {
      const known = files.get(file);
      if (offset !== 0 && known?.bytes !== offset)
        throw new Error(`append to ${file} at ${offset}, which has ${known?.bytes ?? 'no'} bytes`);
      await writeFile(pathOf(file), bytes, { flag: offset === 0 ? 'w' : 'a' });
      files.set(file, { name: file, path: pathOf(file), bytes: offset + bytes.length });
    },
    artifact: (method, { position, tool, server, facts, kept }) => ({
      point: 'conformance',
      method,
      position,
      tool,
      server,
      facts: facts ?? null,
      files: [...files.values()],
      ...(kept ? { external: { ...kept, sha256: changed(kept.sha256) } } : {}),
    }),
    damage: async (change) => {
      changed = (sha256) =>
        createHash('sha256')
          .update(change(Buffer.from(sha256)))
          .digest('hex');
      for (const file of files.values()) {
        const changed = change(await readFile(file.path));
        await writeFile(file.path, changed);
        files.set(file.name, { ...file, bytes: changed.length });
      }
    },
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

/** A restore context that remembers the stages it was told of. */
export function recordingContext(
  stages: string[] = [],
  options: Record<string, unknown> = {},
): RestoreContext {
  return {
    options,
    signal: AbortSignal.timeout(120_000),
    stage: (stage, _what, work) => {
      stages.push(stage);
      return work();
    },
    progress: () => undefined,
  };
}

/** Takes a backup as the engine would. `to` must be removed by the caller. */
export async function takeBackup(
  method: BackupMethod,
  to: Receiver,
  options: Record<string, unknown>,
): Promise<Consistency> {
  return method.backup!(to, {
    options,
    signal: AbortSignal.timeout(120_000),
    now: () => systemClock.nowMs(),
  });
}

export const startFollowing = (
  method: BackupMethod,
  to: Receiver,
  base: Consistency | null,
): Promise<Follower> => method.follow!(to, { options: {}, signal: AbortSignal.timeout(120_000), base });
