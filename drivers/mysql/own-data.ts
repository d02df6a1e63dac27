import { environmentError } from '../../core/errors.ts';
import type { Service } from '../../core/service.ts';
import type { MysqlSite } from './site.ts';

const isBelow = (path: string, folder: string): boolean => path === folder || path.startsWith(`${folder}/`);

/**
 * What the server's files are: where they lie once every link is followed, and who owns them (`uid:gid`, as
 * numbers).
 */
export interface DataHome {
  dataFolder: string;
  owner: string;
}

/**
 * Asked of the container itself while the server runs: it owns what it wrote, whatever the image or the
 * compose file says.
 */
export async function dataHome(service: Service, said: string, entry: string): Promise<DataHome> {
  const ask = async (argv: string[]): Promise<string> => {
    const { code, stdout, stderr } = await service.exec(argv, { deadlineMs: 30_000 });
    if (code === 0 && stdout.trim() !== '') return stdout.trim();
    throw environmentError(`the data folder of ${service.name} cannot be looked at`, {
      found: stderr.trim() || `code ${code}`,
      expected: `a folder ${said} with ${entry} in it`,
    });
  };
  const [dataFolder, owner] = await Promise.all([
    ask(['readlink', '-f', said]),
    ask(['stat', '-c', '%u:%g', `${said}/${entry}`]),
  ]);
  return { dataFolder, owner };
}

/**
 * Rejects unless all of the data folder is this drill's own and lies on one volume. Asked before anything of
 * it is destroyed or replaced: a helper has the service's volumes and nothing else, so that what is put
 * elsewhere would go with the helper.
 */
export async function assertOwnData({
  service,
  dataFolder,
}: Pick<MysqlSite, 'service' | 'dataFolder'>): Promise<void> {
  await service.assertOwnPath(dataFolder);
  const mounted = service.mounts.map(({ path }) => path);
  if (!mounted.some((path) => isBelow(dataFolder, path))) {
    throw environmentError(`the data of ${service.name} is on no volume`, {
      found: dataFolder,
      expected: `a volume at ${dataFolder}`,
      hint: `volumes there are at: ${mounted.join(', ') || 'none'}`,
    });
  }
  const inside = mounted.find((path) => path !== dataFolder && isBelow(path, dataFolder));
  if (inside) {
    throw environmentError(`the data of ${service.name} is on more than one volume`, {
      found: `another one at ${inside}`,
      expected: `all of ${dataFolder} on one`,
    });
  }
}
