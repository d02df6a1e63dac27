import { looksSecret, secretsIn } from '../core/masking.ts';
import type { ComposeConfig } from '../stack/compose.ts';
import { isBelow } from '../stack/host-path.ts';
import type { MovedService } from '../stack/moved-shape.ts';
import { loginOf, type Login } from './init-login.ts';
import { plainNames, withoutSecrets } from './init-names.ts';
import { registries } from './registries.ts';

/** What a service of the user's project is taken for. Texts are for the reader of what is written. */
export interface Recognised extends Login {
  service: string;
  /** What it is called as a component. */
  component: string;
  image: string;
  /** Driver for it; null where it is none of those that there are. */
  driver: string | null;
  /** How that is known: `image mysql:8.4`, `port 8080`. */
  by: string;
  clientsPort: number | null;
  /** Why it is in no drill; null where it is in them. */
  leftOut: string | null;
  /** Why it is no component, though it runs; null where it is one. */
  notCovered: string | null;
  restarts: boolean;
  /** Its image is one that backs others up. */
  sidecar: boolean;
  /** What is said of accounts beside Muster's, where it is written which. */
  accounts?: string[];
}

export type Service = MovedService & {
  image?: string;
  hostname?: string;
  build?: unknown;
  expose?: string[];
  restart?: string;
  depends_on?: Record<string, { condition?: string } | null>;
  volumes?: { type: string; source?: string; target: string; read_only?: boolean }[];
};

/** Images by the last part of their name. The first that fits decides. */
const kinds: { pattern: RegExp; driver: string | null; what: string }[] = [
  {
    pattern: /backup|restic|borg|duplicati|kopia|wal-g|pgbackrest|barman|mysqldump|pgdump/,
    driver: null,
    what: 'a backup sidecar',
  },
  { pattern: /^mysql(-server)?$/, driver: 'mysql', what: 'MySQL' },
  { pattern: /^mariadb/, driver: 'mariadb', what: 'MariaDB' },
  { pattern: /^(postgres|postgresql|postgis|timescaledb|pgvector)/, driver: 'postgres', what: 'PostgreSQL' },
  { pattern: /^redis/, driver: 'redis', what: 'Redis' },
  { pattern: /^valkey/, driver: 'valkey', what: 'Valkey' },
  { pattern: /^(nginx|traefik|caddy|haproxy|httpd|apache)/, driver: null, what: 'a way in' },
  {
    pattern:
      /^(mongo|elasticsearch|opensearch|rabbitmq|kafka|minio|memcached|clickhouse|cassandra|influxdb|keydb|dragonfly|percona|mssql|cockroach|couchdb|neo4j)/,
    driver: null,
    what: 'a service that keeps data',
  },
];

/** By its port, where the image is somebody's own. */
const byPort: Record<number, string> = { 3306: 'mysql', 5432: 'postgres', 6379: 'redis' };

/** What each service is, by image, environment, command, ports and health check, of the drivers there are. */
export function recognised(config: ComposeConfig, drivers: readonly string[]): Recognised[] {
  const names = plainNames(Object.keys(config.services));
  const jobs = jobsOf(config);
  return Object.entries(config.services as Record<string, Service>).map(([service, declared]) => {
    const image = declared.image ?? '';
    const kind = kinds.find(({ pattern }) => pattern.test(baseOf(image)));
    const ports = portsOf(declared);
    const wanted = kind ? kind.driver : (ports.map((port) => byPort[port]).find(Boolean) ?? null);
    const found: Recognised = {
      service,
      component: names.get(service)!,
      image,
      driver: null,
      by: kind
        ? `image ${image}`
        : image
          ? `image ${image}, ports ${ports.join(', ') || 'none'}`
          : 'its own build',
      login: null,
      guesses: [],
      config: null,
      database: null,
      clientsPort: null,
      leftOut:
        kind?.what === 'a backup sidecar' ? 'a backup sidecar: it would write where your backups lie' : null,
      notCovered: null,
      restarts: !['', 'no'].includes(String(declared.restart ?? '')),
      sidecar: kind?.what === 'a backup sidecar',
    };
    if (found.leftOut) return found;
    if (wanted !== null && (jobs.has(service) || !isServer(wanted, declared)))
      return {
        ...found,
        notCovered: `it runs a program of its own beside ${kind?.what ?? wanted}, not the server`,
      };
    if (wanted !== null && !drivers.includes(wanted))
      return { ...found, notCovered: `${kind?.what ?? wanted}: there is no driver for it` };
    if (wanted !== null) {
      if (!kind) found.guesses.push(`taken for ${wanted} by its port`);
      const login = loginOf(wanted, declared);
      return { ...found, ...login, driver: wanted, guesses: [...found.guesses, ...login.guesses] };
    }
    return { ...found, ...asHttp(declared, ports, kind?.what ?? null) };
  });
}

/** Programs by which a container is the server that its image is of. */
const servers: Record<string, string> = {
  mysql: 'mysqld(?:_safe)?',
  mariadb: '(?:mariadbd|mysqld)(?:-safe|_safe)?',
  postgres: 'postgres',
  redis: 'redis-(?:server|stack\\S*)',
  valkey: '(?:valkey|redis)-server',
};

/** Where a program stands: first, first in a command of a shell, or behind what only starts another. */
const before = String.raw`(?:^|[;&|({\n"']\s*|\bexec\s+|\s--\s+|(?:^|\s|/)(?:tini|dumb-init|catatonit|su-exec \S+|gosu \S+|env(?: \w+=\S*)*|docker-entrypoint\.sh)\s+)`;
const runs = (program: string, text: string): boolean =>
  new RegExp(String.raw`${before}(?:[\w./-]*/)?${program}(?=$|[\s;&|)"'])`).test(text);

/**
 * Without a command of its own, or with options only, it is what its image is. A job only has the tools: the
 * server's name is that of an account or of a host there.
 */
function isServer(driver: string, { command, entrypoint }: Service): boolean {
  const words = [...(entrypoint ?? []), ...(command ?? [])];
  if (words.length === 0 || (!entrypoint?.length && words[0]!.startsWith('-'))) return true;
  const text = words.join(' ');
  return (
    runs(servers[driver] ?? driver, text) ||
    /docker-entrypoint\.sh(?:$| -)/.test(text) ||
    /^\S+\.conf$/.test(words[0]!)
  );
}

/** Services that others wait for until they have ended well. */
const jobsOf = (config: ComposeConfig): Set<string> =>
  new Set(
    Object.values(config.services as Record<string, Service>).flatMap(({ depends_on: needs = {} }) =>
      Object.entries(needs)
        .filter(([, how]) => how?.condition === 'service_completed_successfully')
        .map(([name]) => name),
    ),
  );

const baseOf = (image: string): string =>
  (image.split('@')[0]!.split('/').at(-1) ?? '').split(':')[0]!.toLowerCase();

const portsOf = ({ ports = [], expose = [] }: Service): number[] => [
  ...new Set([
    ...ports.filter(({ protocol = 'tcp' }) => protocol === 'tcp').map(({ target }) => Number(target)),
    ...expose.map((port) => Number.parseInt(port, 10)),
  ]),
];

/** A service that answers HTTP, by what its own health check asks, else by its port. */
function asHttp(
  service: Service,
  ports: readonly number[],
  what: string | null,
): Pick<Recognised, 'driver' | 'config' | 'clientsPort' | 'notCovered' | 'guesses' | 'login'> {
  const none = { driver: null, config: null, clientsPort: null, guesses: [], login: null };
  if (what === 'a service that keeps data') return { ...none, notCovered: 'there is no driver for it' };
  const asked = /https?:\/\/(?:localhost|127\.0\.0\.1|0\.0\.0\.0|\[::1\])(?::(\d+))?(\/[^\s"'|;)`]*)?/.exec(
    (service.healthcheck?.test ?? []).join(' '),
  );
  const port = asked ? Number(asked[1] ?? 80) : ports[0];
  if (port === undefined) return { ...none, notCovered: 'nothing says that it answers anybody' };
  if (asked?.[0].startsWith('https'))
    return { ...none, notCovered: 'it speaks TLS, with a certificate that Muster must be told of' };
  const secrets = secretsIn((service.environment ?? {}) as Record<string, string>);
  const whole = asked?.[2] ?? '/';
  const path = withoutSecrets(whole, (name, value) => looksSecret(name) || secrets.includes(value));
  return {
    driver: 'http',
    config: { ready: path, probes: { home: { get: path } } },
    clientsPort: port,
    notCovered: null,
    login: null,
    guesses: [
      ...(path === whole
        ? []
        : [`its health check asks ${path} with a query that may be secret: it is left out here`]),
      asked
        ? `asked at ${path}, as its health check does; journeys: would say what becomes of what clients write`
        : `asked at / of port ${port}: put the path that says that it is ready; journeys: would say what becomes of what clients write`,
    ],
  };
}

/** What a database only reads, though it may write to it, and where its backups go. */
const beside = /^\/(?:etc|docker-entrypoint-initdb\.d)(?:\/|$)|backup|dump/i;

/** Volumes and folders that services write to and that no component's backup holds. */
export function unprotected(config: ComposeConfig, found: readonly Recognised[]): string[] {
  const protectedBy = new Map(
    found.flatMap(({ service, driver }) =>
      driver === null || driver === 'http' ? [] : [[service, registries.drivers[driver]?.dataFolders ?? []]],
    ),
  );
  const started = Object.entries(config.services as Record<string, Service>).filter(([name]) =>
    found.some(({ service, leftOut }) => service === name && leftOut === null),
  );
  const mounts = started.flatMap(([name, { volumes = [] }]) =>
    volumes
      .filter(
        ({ type, read_only: only, source }) => only !== true && source !== undefined && type !== 'tmpfs',
      )
      .map(({ source, target }) => ({ name, source: source!, target })),
  );
  const held = new Set(
    [...protectedBy].flatMap(([service, folders]) => {
      const theirs = mounts.filter(({ name }) => name === service);
      const data = theirs.filter(({ target }) =>
        folders.some((folder) => isBelow(target, folder) || isBelow(folder, target)),
      );
      const isOther = (target: string): boolean => data.length > 0 && !beside.test(target);
      return theirs.filter((one) => data.includes(one) || !isOther(one.target)).map(({ source }) => source);
    }),
  );
  return mounts
    .filter(({ source }) => !held.has(source))
    .map(
      ({ name, source, target }) =>
        `${source} of ${name} at ${target} is written to, and in no backup that Muster knows`,
    );
}
