import type { Redis } from 'ioredis';
import { configOf, parseInfo } from './server.ts';

/**
 * Whether an acknowledged write is still there later: in files, in memory, at a replica, and at the next
 * start or stop.
 */
const durability = [
  'appendonly',
  'appendfsync',
  'no-appendfsync-on-rewrite',
  'auto-aof-rewrite-min-size',
  'aof-load-truncated',
  'aof-timestamp-enabled',
  'save',
  'rdbchecksum',
  'stop-writes-on-bgsave-error',
  'shutdown-on-sigterm',
  'shutdown-on-sigint',
  'maxmemory',
  'maxmemory-policy',
  'replica-read-only',
];

/**
 * By which a server that holds everything may yet be of no use to its application: who gets in, for how long,
 * and what may be asked.
 */
const use = [
  'maxclients',
  'maxmemory-clients',
  'timeout',
  'tcp-keepalive',
  'client-output-buffer-limit',
  'client-query-buffer-limit',
  'proto-max-bulk-len',
  'protected-mode',
  'tls-auth-clients',
  'tls-protocols',
  'tls-ciphers',
  'tls-ciphersuites',
  'tls-ca-cert-file',
  'tls-ca-cert-dir',
  'acl-pubsub-default',
  'databases',
  'cluster-enabled',
  'notify-keyspace-events',
  'busy-reply-threshold',
  'replica-serve-stale-data',
];

/**
 * Of one server in one role: where its data, its users and its socket lie, where it listens, and how many
 * replicas it waits for. Another that clients were sent to has its own by right, and one that was promoted
 * has none to wait for.
 */
const own = [
  'dir',
  'dbfilename',
  'appenddirname',
  'appendfilename',
  'aclfile',
  'bind',
  'port',
  'unixsocket',
  'tls-port',
  'tls-cert-file',
  'tls-key-file',
  'min-replicas-to-write',
  'min-replicas-max-lag',
];

/** Never in a record: what is compared is a digest that only this process can make. */
const secret = ['requirepass'];

// Left out: what decides about speed and memory alone (hz, lazyfree-*, hash-max-*); where a replica finds its
// source and how it gets in there (`follows` sees what comes of it); auto-aof-rewrite-percentage, which a
// backup of ours switches off for as long as it takes.

export interface Settings {
  values: Record<string, string>;
  own: Record<string, string>;
  role: string;
}

/** `digest`: of a secret. */
export async function settingsOf(redis: Redis, digest: (text: string) => string): Promise<Settings> {
  const found = await configOf(redis, [...durability, ...use, ...own, ...secret]);
  const some = (names: readonly string[], shown: (value: string) => string): [string, string][] =>
    names.flatMap((name) => (found[name] === undefined ? [] : [[name, shown(found[name])]]));
  const { role } = parseInfo(await redis.info('replication'));
  const plainly = (value: string): string => value;
  return {
    values: Object.fromEntries([
      ...some([...durability, ...use], plainly),
      ...some(secret, (value) => (value === '' ? '' : `digest ${digest(value)}`)),
    ]),
    own: Object.fromEntries(some(own, plainly)),
    role: role ?? '',
  };
}

/** In words. `same`: clients use the server that they used before. */
export function settingsChanged(before: Settings, now: Settings, same: boolean): string[] {
  const changed = (one: Record<string, string>, other: Record<string, string>): string[] =>
    Object.keys(one)
      .filter((name) => name in other && other[name] !== one[name])
      .map((name) => `${name}: ${JSON.stringify(one[name])} before, ${JSON.stringify(other[name])} now`);
  return [
    ...changed(before.values, now.values),
    ...(same && before.role === now.role ? changed(before.own, now.own) : []),
  ];
}
