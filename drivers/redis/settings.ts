import type { Redis } from 'ioredis';
import * as is from './no-weaker.ts';
import { configOf } from './server.ts';
import { parseInfo } from './info.ts';

type Rules = Record<string, is.NoWeaker>;

/**
 * Whether an acknowledged write is still there later: in files, in memory, at a replica, and at the next
 * start or stop.
 */
const durability: Rules = {
  appendonly: is.ranked('no', 'yes'),
  appendfsync: is.ranked('no', 'everysec', 'always'),
  'no-appendfsync-on-rewrite': is.ranked('yes', 'no'),
  'auto-aof-rewrite-percentage': is.sooner,
  'auto-aof-rewrite-min-size': is.smaller,
  'aof-load-truncated': is.never,
  'aof-timestamp-enabled': is.ranked('no', 'yes'),
  save: is.savePoints,
  rdbchecksum: is.ranked('no', 'yes'),
  'stop-writes-on-bgsave-error': is.never,
  'shutdown-on-sigterm': is.never,
  'shutdown-on-sigint': is.never,
  'shutdown-timeout': is.larger,
  maxmemory: is.larger,
  'maxmemory-policy': is.never,
  'replica-read-only': is.never,
  'replica-ignore-disk-write-errors': is.ranked('yes', 'no'),
  'repl-diskless-load': is.never,
  'repl-backlog-size': is.larger,
};

/**
 * By which a server that holds everything may yet be of no use to its application: who gets in, for how long,
 * and what may be asked.
 */
const use: Rules = {
  maxclients: is.larger,
  'maxmemory-clients': is.larger,
  timeout: is.larger,
  'tcp-keepalive': is.switchedOn,
  'client-output-buffer-limit': is.bufferLimits,
  'client-query-buffer-limit': is.larger,
  'proto-max-bulk-len': is.larger,
  'protected-mode': is.ranked('no', 'yes'),
  'tls-auth-clients': is.never,
  'tls-protocols': is.never,
  'tls-ciphers': is.never,
  'tls-ciphersuites': is.never,
  'tls-replication': is.never,
  'tls-cluster': is.never,
  'tls-ca-cert-file': is.elsewhere,
  'tls-ca-cert-dir': is.elsewhere,
  'acl-pubsub-default': is.ranked('allchannels', 'resetchannels'),
  'enable-debug-command': is.ranked('yes', 'local', 'no'),
  'enable-module-command': is.ranked('yes', 'local', 'no'),
  'enable-protected-configs': is.ranked('yes', 'local', 'no'),
  'sanitize-dump-payload': is.ranked('no', 'clients', 'yes'),
  'hide-user-data-from-log': is.ranked('no', 'yes'),
  databases: is.larger,
  'cluster-enabled': is.never,
  'notify-keyspace-events': is.events,
  'busy-reply-threshold': is.larger,
  'locale-collate': is.never,
  'replica-serve-stale-data': is.never,
};

/** Say nothing where there is no cluster. */
const ofClusters = [
  'cluster-require-full-coverage',
  'cluster-allow-reads-when-down',
  'cluster-allow-pubsubshard-when-down',
  'cluster-replica-no-failover',
  'cluster-node-timeout',
];

/** What is made of data that comes later, and what a search leaves out. Known where the module is. */
const ofModules = [
  ...['retention-policy', 'duplicate-policy', 'compaction-policy', 'encoding'].map((name) => `ts-${name}`),
  ...['ignore-max-time-diff', 'ignore-max-val-diff'].map((name) => `ts-${name}`),
  ...['error-rate', 'initial-size', 'expansion-factor'].map((name) => `bf-${name}`),
  ...['initial-size', 'bucket-size', 'max-iterations', 'expansion-factor', 'max-expansions'].map(
    (name) => `cf-${name}`,
  ),
  ...['on-timeout', 'on-oom', 'timeout', 'default-dialect', 'default-scorer'].map((name) => `search-${name}`),
  ...['max-search-results', 'max-aggregate-results', 'max-prefix-expansions'].map((name) => `search-${name}`),
  ...['min-prefix', 'min-stem-len'].map((name) => `search-${name}`),
];

/**
 * Of one server in one role: where its data, its users and its socket lie, where it listens, how many
 * replicas it waits for, and whether it would be promoted. Another that clients were sent to has its own by
 * right, and one that was promoted has none to wait for.
 */
const own: Rules = {
  dir: is.never,
  dbfilename: is.never,
  appenddirname: is.never,
  appendfilename: is.never,
  aclfile: is.never,
  bind: is.never,
  port: is.never,
  unixsocket: is.never,
  unixsocketperm: is.never,
  'tls-port': is.never,
  'tls-cert-file': is.elsewhere,
  'tls-key-file': is.elsewhere,
  'min-replicas-to-write': is.never,
  'min-replicas-max-lag': is.never,
  'replica-priority': is.never,
};

/** Never in a record: what is compared is a digest that only this process can make. */
const secret = ['requirepass'];

const rules: Rules = {
  ...durability,
  ...use,
  ...Object.fromEntries([...ofClusters, ...ofModules, ...secret].map((name) => [name, is.never])),
};

// Left out: what decides about speed and memory alone (hz, lazyfree-*, hash-max-*); where a replica finds its
// source and how it gets in there (`follows` sees what comes of it).

export interface Settings {
  values: Record<string, string>;
  own: Record<string, string>;
  role: string;
}

/**
 * `ofProduct`: names of settings that no other server of the family has. `digest`: of a secret. `lent`: those
 * that a backup of ours has changed for as long as it takes.
 */
export async function settingsOf(
  redis: Redis,
  ofProduct: readonly string[],
  digest: (text: string) => string,
  lent: () => ReadonlyMap<string, string>,
): Promise<Settings> {
  const lentBefore = lent();
  const read = await configOf(redis, [...Object.keys(rules), ...ofProduct, ...Object.keys(own)]);
  const found = { ...read, ...Object.fromEntries([...lent(), ...lentBefore]) };
  const some = (names: readonly string[], shown: (value: string) => string): [string, string][] =>
    names.flatMap((name) => (found[name] === undefined ? [] : [[name, shown(found[name])]]));
  const { role } = parseInfo(await redis.info('replication'));
  const plainly = (value: string): string => value;
  return {
    values: Object.fromEntries([
      ...some(
        [...Object.keys(rules), ...ofProduct].filter((name) => !secret.includes(name)),
        plainly,
      ),
      ...some(secret, (value) => (value === '' ? '' : `digest ${digest(value)}`)),
    ]),
    own: Object.fromEntries(some(Object.keys(own), plainly)),
    role: role ?? '',
  };
}

/** In words. `told`: changed, and no weaker for it. `same`: how many were compared and are as they were. */
export interface SettingsCompared {
  wrong: string[];
  told: string[];
  same: number;
}

/** `sameServer`: clients use the server that they used before. */
export function compareSettings(before: Settings, now: Settings, sameServer: boolean): SettingsCompared {
  const isCluster = [before, now].some(({ values }) => values['cluster-enabled'] === 'yes');
  const compared: SettingsCompared = { wrong: [], told: [], same: 0 };
  const compare = (was: Record<string, string>, found: Record<string, string>, by: Rules): void => {
    for (const [name, value] of Object.entries(was)) {
      if (found[name] === value) compared.same += 1;
      else if (found[name] === undefined)
        compared.wrong.push(`${name}: ${JSON.stringify(value)} before, and unknown to the server now`);
      else {
        const isHarmless =
          (by[name] ?? is.never)(value, found[name]) || (ofClusters.includes(name) && !isCluster);
        const words = `${name}: ${JSON.stringify(value)} before, ${JSON.stringify(found[name])} now`;
        (isHarmless ? compared.told : compared.wrong).push(words);
      }
    }
  };
  compare(before.values, now.values, rules);
  if (sameServer && before.role === now.role) compare(before.own, now.own, own);
  return compared;
}
