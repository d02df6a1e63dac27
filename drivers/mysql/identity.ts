import { environmentError } from '../../core/errors.ts';
import type { Shell } from '../../core/service.ts';
import type { MysqlSite } from './site.ts';
import type { Session } from './session.ts';

type Folder = Pick<MysqlSite, 'dataFolder' | 'product'>;

/**
 * What tells this data folder from every other one, and a server that serves it from one that does not: the
 * name that the server gives itself, or where it gives none the folder's own inode and birth.
 */
export async function identityOf(
  site: Folder & Pick<MysqlSite, 'service'>,
  session: Session,
): Promise<string> {
  const { identity } = site.product;
  if ('entry' in identity) return identityIn(site.service, site);
  return (await session.rows<{ uuid: string }>(identity.sql))[0]!.uuid;
}

/** The same from beside, where the server is not asked. Rejects where there is no such folder. */
export async function identityIn(shell: Shell, { dataFolder, product }: Folder): Promise<string> {
  if (!('entry' in product.identity)) throw new Error(`${product.name} says itself what it is`);
  const path = `${dataFolder}/${product.identity.entry}`;
  const { code, stdout, stderr } = await shell.exec(['stat', '-c', 'inode %i, born %W', path], {
    deadlineMs: 30_000,
  });
  if (code === 0) return stdout.trim();
  throw environmentError(`${path} cannot be looked at`, {
    found: stderr.trim() || `code ${code}`,
    expected: 'a data folder',
  });
}
