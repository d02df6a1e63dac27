import { readFile } from 'node:fs/promises';
import type { Artifact } from '../../core/backup.ts';
import { environmentError } from '../../core/errors.ts';
import type { Helper } from '../../core/service.ts';
import type { MysqlSite } from './site.ts';

/**
 * A file of the data folder that no dump holds and that goes with it: its health check logs in with what it
 * says. `name`: in the recovery point, where names are not hidden.
 */
export interface Carried {
  name: string;
  content: Buffer;
}

const nameInPoint = (hidden: string): string => hidden.replace(/^\.+/, '');

/** Those that are there. */
export async function readCarried({
  service,
  dataFolder,
  product,
}: Pick<MysqlSite, 'service' | 'dataFolder' | 'product'>): Promise<Carried[]> {
  const found: Carried[] = [];
  for (const hidden of product.carried) {
    const { code, stdout } = await service.exec(['cat', `${dataFolder}/${hidden}`], { deadlineMs: 30_000 });
    if (code === 0) found.push({ name: nameInPoint(hidden), content: Buffer.from(stdout) });
  }
  return found;
}

/** Puts those of a recovery point into the folder of a server that does not run. Gives their hidden names. */
export async function writeCarried(
  helper: Helper,
  { dataFolder, owner, product }: MysqlSite,
  { files }: Artifact,
  signal: AbortSignal,
): Promise<string[]> {
  const stored = product.carried.flatMap((hidden) => {
    const file = files.find(({ name }) => name === nameInPoint(hidden));
    return file ? [{ hidden, path: file.path }] : [];
  });
  for (const { hidden, path } of stored) {
    const { code, stderr } = await helper.exec(
      ['sh', '-c', 'umask 077; rm -f "$1" && cat > "$1"', 'carry', `${dataFolder}/${hidden}`],
      { user: owner, stdin: await readFile(path), signal },
    );
    if (code !== 0)
      throw environmentError(`${hidden} cannot be put back`, {
        found: stderr.trim() || `code ${code}`,
        expected: 'code 0',
      });
  }
  return stored.map(({ hidden }) => hidden);
}
