import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import type { Artifact, PlainFile } from '../../core/backup.ts';
import { environmentError } from '../../core/errors.ts';
import { watchArchive } from './archive.ts';
import type { Cluster } from './cluster.ts';
import { clusterName, rolesName, type DumpFacts } from './dump.ts';
import { forEmptyCluster } from './globals.ts';

/** A recovery point, looked at before anything is touched for it. */
export interface Inspected {
  cluster: Cluster;
  /** Roles, for a cluster that has but the one it begins with. */
  roles: string;
  databases: { name: string; file: PlainFile }[];
}

/** Environment error when any of its files is missing, cut off or altered. */
export async function inspect(from: Artifact, major: number): Promise<Inspected> {
  const { sha256 = {} } = (from.facts ?? {}) as Partial<DumpFacts>;
  const fileOf = (name: string): PlainFile => {
    const file = from.files.find((one) => one.name === name);
    if (file) return file;
    throw environmentError('the recovery point is not one of a PostgreSQL server', {
      found: from.files.map((one) => one.name).join(', ') || 'no file',
      expected: name,
    });
  };
  for (const name of [rolesName, clusterName]) await assertAsMade(fileOf(name), sha256[name]);
  const cluster = JSON.parse(await readFile(fileOf(clusterName).path, 'utf8')) as Cluster;
  const databases = Object.entries(cluster.databases).map(([name, file]) => ({ name, file: fileOf(file) }));
  for (const { file } of databases) await assertAsMade(file, sha256[file.name]);
  const of = Number(/(\d+)/.exec(from.server)?.[1]);
  if (!(of <= major))
    throw environmentError('the dump was made by a newer server', {
      found: from.server,
      expected: `PostgreSQL ${major} or older`,
    });
  return {
    cluster,
    roles: forEmptyCluster(await readFile(fileOf(rolesName).path, 'utf8'), cluster.bootstrapRole),
    databases,
  };
}

/** Byte for byte what the manifest says; and an archive that is whole, whatever the manifest says. */
export async function assertAsMade(
  { name, path, bytes }: PlainFile,
  expected: string | undefined,
): Promise<void> {
  const hash = createHash('sha256');
  const watch = name.endsWith('.dump') ? watchArchive() : null;
  for await (const chunk of createReadStream(path, { highWaterMark: 1024 * 1024 })) {
    hash.update(chunk as Buffer);
    watch?.see(chunk as Buffer);
  }
  const missing = watch?.missing() ?? null;
  if (missing !== null)
    throw environmentError(`${name} is cut off: nothing was restored from it`, {
      found: `${bytes} bytes; ${missing}`,
      expected: 'a whole archive',
    });
  const found = hash.digest('hex');
  if (expected !== undefined && found !== expected)
    throw environmentError(`${name} was altered: nothing was restored from it`, {
      found: `SHA-256 ${found}`,
      expected: `SHA-256 ${expected}`,
    });
}
