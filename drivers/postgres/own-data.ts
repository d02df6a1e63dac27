import { environmentError } from '../../core/errors.ts';
import type { Service } from '../../core/service.ts';
import type { PostgresSite } from './server.ts';

const isBelow = (path: string, folder: string): boolean => path === folder || path.startsWith(`${folder}/`);

/** Where the server's files lie once every link is followed, who owns them, and where its programs are. */
export interface DataHome {
  dataFolder: string;
  /** `uid:gid`, as numbers. */
  owner: string;
  programs: string;
}

/**
 * Beside the server that runs, and nowhere else: programs of another major version write what this one cannot
 * read, and Debian's wrappers choose by the newest one. `$1`: the major version.
 */
const findPrograms = `
  for folder in "$(dirname "$(readlink -f "$(command -v postgres || echo /)")")" "/usr/lib/postgresql/$1/bin" \
      /usr/local/bin /usr/bin /opt/bitnami/postgresql/bin /usr/local/pgsql/bin "/usr/pgsql-$1/bin" "/usr/libexec/postgresql$1"; do
    [ -x "$folder/postgres" ] || continue
    case "$("$folder/postgres" --version)" in
      *" $1."* | *" $1"[a-z]*) ;;
      *) continue ;;
    esac
    echo "$folder"; exit 0
  done
  echo "no server of version $1 in the container" >&2; exit 1`;

/** The image's own variable, then where images usually have it. */
const findFolder = `
  for folder in "$PGDATA" /var/lib/postgresql/data /var/lib/postgresql/*/docker /bitnami/postgresql/data; do
    [ -n "$folder" ] && [ -f "$folder/PG_VERSION" ] && echo "$folder" && exit 0
  done
  echo "no PG_VERSION in $PGDATA, nor where images usually have it" >&2; exit 1`;

/** The data folder of a server that tells its account nothing of that. */
export async function folderIn(service: Service): Promise<string> {
  const { code, stdout, stderr } = await service.exec(['sh', '-c', findFolder], { deadlineMs: 30_000 });
  if (code === 0) return stdout.trim();
  throw environmentError(`the data folder of ${service.name} is not known`, {
    found: stderr.trim() || `code ${code}`,
    expected: 'PGDATA in its environment, or an account that may read all settings',
    hint: 'GRANT pg_read_all_settings TO the account',
  });
}

/**
 * Asked of the container itself while the server runs: it owns what it wrote, whatever the image or the
 * compose file says.
 */
export async function dataHome(service: Service, said: string, major: number): Promise<DataHome> {
  const ask = async (argv: string[], expected: string): Promise<string> => {
    const { code, stdout, stderr } = await service.exec(argv, { deadlineMs: 30_000 });
    if (code === 0 && stdout.trim() !== '') return stdout.trim();
    throw environmentError(`${service.name} cannot be looked at`, {
      found: stderr.trim() || `code ${code}`,
      expected,
    });
  };
  const [dataFolder, owner, programs] = await Promise.all([
    ask(['readlink', '-f', said], `a folder ${said}`),
    ask(['stat', '-c', '%u:%g', `${said}/PG_VERSION`], `${said}/PG_VERSION`),
    ask(['sh', '-c', findPrograms, 'programs', String(major)], `the programs of PostgreSQL ${major}`),
  ]);
  return { dataFolder, owner, programs };
}

/**
 * Rejects unless all of the data folder is this drill's own and lies on one volume. Asked before anything of
 * it is destroyed or replaced: a helper has the service's volumes and nothing else, so that what is put
 * elsewhere would go with the helper.
 */
export async function assertOwnData({
  service,
  dataFolder,
}: Pick<PostgresSite, 'service' | 'dataFolder'>): Promise<void> {
  await service.assertOwnPath(dataFolder);
  const mounted = service.mounts.map(({ path }) => path);
  if (!mounted.some((path) => isBelow(dataFolder, path)))
    throw environmentError(`the data of ${service.name} is on no volume`, {
      found: dataFolder,
      expected: `a volume at ${dataFolder}`,
      hint: `volumes there are at: ${mounted.join(', ') || 'none'}`,
    });
  const inside = mounted.find((path) => path !== dataFolder && isBelow(path, dataFolder));
  if (inside)
    throw environmentError(`the data of ${service.name} is on more than one volume`, {
      found: `another one at ${inside}`,
      expected: `all of ${dataFolder} on one`,
    });
}
