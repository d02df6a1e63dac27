/**
 * Every key is there, and yet the application may be unable to work, or lose data later. `commands` run after
 * the first look of the inventory, one `started` puts further words behind `redis-server` and starts it anew;
 * `begun` and `begunAs` are the same before that look. `red`: what the inventory says of it; null where it
 * must be silent. `told`: what it tells, and does not hold against the server.
 */
export interface OfUse {
  name: string;
  commands?: string[][];
  started?: string;
  begun?: string[][];
  begunAs?: string;
  red: RegExp | null;
  told?: RegExp;
}

const set = (...words: string[]): string[][] => [['CONFIG', 'SET', ...words]];

export const settings: OfUse[] = [
  {
    name: 'a single client is let in',
    commands: set('maxclients', '1'),
    red: /not let in now: .*max number of clients/,
  },
  {
    name: 'a tenth as many clients are let in',
    commands: set('maxclients', '400'),
    red: /maxclients: "\d+" before, "400" now/,
  },
  {
    name: 'whoever is silent for a second is thrown out',
    commands: set('timeout', '1'),
    red: /timeout: "0" before, "1" now/,
  },
  {
    name: 'a password is asked for',
    commands: set('requirepass', 'hunter2-of-the-shop'),
    red: /not let in now: .*NOAUTH/,
  },
  {
    name: 'nobody is told of what becomes of keys',
    commands: set('notify-keyspace-events', ''),
    red: /notify-keyspace-events: "AKE" before, "" now/,
  },
  {
    name: 'clients are thrown out over a megabyte of memory',
    commands: set('maxmemory-clients', '1mb'),
    red: /maxmemory-clients: "0" before, "1048576" now/,
  },
  {
    name: 'whoever subscribes is thrown out over a kilobyte',
    commands: set('client-output-buffer-limit', 'pubsub 1024 1024 1'),
    red: /client-output-buffer-limit: .*pubsub 1024 1024 1/,
  },
  {
    name: 'no value is longer than a megabyte',
    commands: set('proto-max-bulk-len', '1mb'),
    red: /proto-max-bulk-len: "536870912" before, "1048576" now/,
  },
  {
    name: 'a script of a millisecond keeps everybody out',
    commands: set('busy-reply-threshold', '1'),
    red: /busy-reply-threshold: "5000" before, "1" now/,
  },
  {
    name: 'a replica takes writes of its own',
    commands: set('replica-read-only', 'no'),
    red: /replica-read-only: "yes" before, "no" now/,
  },
  {
    name: 'writes wait for no replica any more',
    commands: set('min-replicas-to-write', '0'),
    red: /min-replicas-to-write: "1" before, "0" now/,
  },
  {
    name: 'writes go on when no snapshot can be written',
    commands: set('stop-writes-on-bgsave-error', 'no'),
    red: /stop-writes-on-bgsave-error: "yes" before, "no" now/,
  },
  {
    name: 'the log is not synced while it is rewritten',
    commands: set('no-appendfsync-on-rewrite', 'yes'),
    red: /no-appendfsync-on-rewrite: "no" before, "yes" now/,
  },
  {
    name: 'a stop writes no snapshot',
    commands: set('shutdown-on-sigterm', 'nosave'),
    red: /shutdown-on-sigterm: "default" before, "nosave" now/,
  },
  {
    name: 'the log is no longer written',
    commands: set('appendonly', 'no'),
    red: /appendonly: "yes" before, "no" now/,
  },
  {
    name: 'its snapshots have another name',
    started: '--dbfilename other.rdb',
    red: /dbfilename: "dump\.rdb" before, "other\.rdb" now/,
  },
  { name: 'there are two databases', started: '--databases 2', red: /databases: "16" before, "2" now/ },
  {
    name: 'a command has another name',
    started: '--rename-command LPUSH push-left',
    red: /no longer knows: lpush/,
  },
  {
    name: 'the log grows without end',
    commands: set('auto-aof-rewrite-percentage', '0'),
    red: /auto-aof-rewrite-percentage: "100" before, "0" now/,
  },
  {
    name: 'a replica that was away for a moment copies everything',
    commands: set('repl-backlog-size', '16kb'),
    red: /repl-backlog-size: "1048576" before, "16384" now/,
  },
  {
    name: 'it would never be promoted',
    commands: set('replica-priority', '0'),
    red: /replica-priority: "100" before, "0" now/,
  },
  {
    name: 'its memory has no end any more',
    begun: set('maxmemory', '100mb'),
    commands: set('maxmemory', '0'),
    red: /maxmemory: "104857600" before, "0" now/,
  },
  {
    name: 'everybody may call DEBUG',
    started: '--enable-debug-command yes',
    red: /enable-debug-command: "no" before, "yes" now/,
  },
  {
    name: 'a command that had been taken away is back',
    begunAs: '--rename-command FLUSHALL ""',
    started: '',
    red: /had been taken away, and are known again: flushall/,
  },
  {
    name: 'every write is synced',
    commands: set('appendfsync', 'always'),
    red: null,
    told: /no weaker: appendfsync: "everysec" before, "always" now/,
  },
  {
    name: 'a log is written where none was',
    begun: set('appendonly', 'no'),
    commands: set('appendonly', 'yes'),
    red: null,
    told: /no weaker: appendonly: "no" before, "yes" now/,
  },
  {
    name: 'more clients are let in',
    begun: set('maxclients', '400'),
    commands: set('maxclients', '500'),
    red: null,
    told: /no weaker: maxclients: "400" before, "500" now/,
  },
  {
    name: 'there is room for more',
    begun: set('maxmemory', '100mb'),
    commands: set('maxmemory', '200mb'),
    red: null,
    told: /no weaker: maxmemory: "104857600" before, "209715200" now/,
  },
  {
    name: 'more is told of what becomes of keys',
    commands: set('notify-keyspace-events', 'AKEm'),
    red: null,
    told: /no weaker: notify-keyspace-events: /,
  },
  {
    name: 'what a cluster would do, where there is none',
    commands: set('cluster-require-full-coverage', 'no'),
    red: null,
    told: /no weaker: cluster-require-full-coverage: /,
  },
  {
    name: 'snapshots are written in more cases',
    commands: set('save', '60 10000 300 100 3600 1 30 5'),
    red: null,
    told: /no weaker: save: "3600 1 300 100 60 10000" before/,
  },
  { name: 'expiries are looked for more often', commands: set('hz', '50'), red: null },
  {
    name: 'more is logged',
    commands: [...set('loglevel', 'verbose'), ...set('slowlog-log-slower-than', '100')],
    red: null,
  },
  { name: 'memory is freed later', commands: set('lazyfree-lazy-user-del', 'yes'), red: null },
  {
    name: 'it finds its source by another password',
    commands: set('masterauth', 'hunter2-of-the-shop'),
    red: null,
  },
  { name: 'it was started anew with the same words', started: '', red: null },
];
/** As the application's server is configured before the first look. */
export const asConfigured = { 'notify-keyspace-events': 'AKE', 'min-replicas-to-write': '1' };
/** Told nobody. */
export const password = 'hunter2-of-the-shop';

/** Clients are sent to another server, whose settings are its own. `red` as above. */
export const promoted: OfUse[] = [
  {
    name: 'it waits for no replica, and its snapshots have another name',
    started: '--min-replicas-to-write 0 --dbfilename other.rdb',
    red: null,
  },
  {
    name: 'it lets in a tenth as many clients',
    commands: set('maxclients', '400'),
    red: /maxclients: "\d+" before, "400" now/,
  },
  {
    name: 'its log is not written',
    commands: set('appendonly', 'no'),
    red: /appendonly: "yes" before, "no" now/,
  },
  {
    name: 'its save points come in another order',
    commands: set('save', '60 10000 300 100 3600 1'),
    red: null,
    told: /no weaker: save: /,
  },
];
