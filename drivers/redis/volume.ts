import { environmentError } from '../../core/errors.ts';
import type { Helper } from '../../core/service.ts';
import type { DataFolder } from '../../core/fault.ts';
import { parseManifest } from './aof-manifest.ts';
import type { RedisSite } from './site.ts';
import { must } from './transfer.ts';

/**
 * Redis's data folder. With an append-only file its data is the base and its log the newest increment;
 * without, its data is the snapshot. It is killed around damage: ending in order it would write a new
 * snapshot.
 */
export const redisVolume = (site: RedisSite): DataFolder => ({
  service: site.service,
  folder: site.persistence.dir,
  file: async (kind) => {
    const { dir, dbfilename, appendonly } = site.persistence;
    if (appendonly) return appendOnlyFile(site, kind);
    if (kind === 'log')
      throw environmentError(`${site.component} writes no log`, {
        found: 'appendonly no',
        expected: 'appendonly yes',
        hint: 'aim at its data: the snapshot',
      });
    const { code } = await site.service.exec(['test', '-e', `${dir}/${dbfilename}`]);
    if (code === 1)
      throw environmentError(`${site.component} has written no snapshot yet`, {
        found: `no ${dbfilename} in ${dir}`,
        expected: 'a snapshot',
      });
    return `${dir}/${dbfilename}`;
  },
  restartBy: () => 'kill',
  aboutToLose: () => site.kept.aboutToLose(),
  awaits: (path, from) => awaits(site, path, from),
});

/**
 * A file of the append-only file is looked for when it is in the manifest as that is now; the snapshot
 * always.
 */
async function awaits(
  { persistence: { appendonly, dir, appenddirname, appendfilename } }: RedisSite,
  path: string,
  from: Helper,
): Promise<boolean> {
  if (!appendonly) return true;
  const { code, stdout } = await from.exec(['cat', `${dir}/${appenddirname}/${appendfilename}.manifest`]);
  return code === 0 && parseManifest(stdout).some(({ file }) => path.endsWith(`/${file}`));
}

async function appendOnlyFile(
  { service, persistence: { dir, appenddirname, appendfilename } }: RedisSite,
  kind: 'data' | 'log',
): Promise<string> {
  const folder = `${dir}/${appenddirname}`;
  const { stdout } = await must(service, 'the manifest of the append-only file cannot be read', [
    'cat',
    `${folder}/${appendfilename}.manifest`,
  ]);
  const entry = parseManifest(stdout)
    .filter(({ type }) => type === (kind === 'data' ? 'b' : 'i'))
    .sort((a, b) => b.sequence - a.sequence)[0];
  if (!entry)
    throw environmentError(`the append-only file has no ${kind === 'data' ? 'base' : 'increment'}`, {
      found: stdout.trim(),
    });
  return `${folder}/${entry.file}`;
}
