import type { Product } from '../redis/product.ts';

/**
 * The last snapshots that both wrote. From 12 on Redis and Valkey give the same codes to different things,
 * and Valkey leaves the numbers below 80 to Redis (rdb.h): its server does not load them, although
 * valkey-check-rdb says only that they are foreign.
 */
const lastShared = 11;
const firstOwn = 80;

function loads(beginning: string): boolean {
  const [, shared, own] = /^(?:REDIS(\d{4})|VALKEY(\d{3}))$/.exec(beginning) ?? [];
  return own === undefined
    ? shared !== undefined && Number(shared) > 0 && Number(shared) <= lastShared
    : Number(own) >= firstOwn;
}

export const valkey: Product = {
  name: 'Valkey',
  versionField: 'valkey_version',
  answers: (info) => info['valkey_version'] !== undefined,
  // The first release; it is what Redis 7.2 was.
  oldest: [7, 2],
  programs: { server: 'valkey-server', cli: 'valkey-cli', checkRdb: 'valkey-check-rdb' },
  // Its images have the names of Redis as links, for compose files that were written for that.
  alsoStartedAs: ['redis-server'],
  rdb: { loads, expected: `VALKEY and a version, or REDIS and one up to ${lastShared}` },
  settings: ['extended-redis-compatibility', 'import-mode', 'rdb-version-check'],
};
