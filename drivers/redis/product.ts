import type { Info } from './info.ts';

/**
 * A server that speaks and keeps its data as Redis does, Redis itself or a fork: what it is called, and what
 * it calls its own. Everything else of the driver is the same for all of them.
 */
export interface Product {
  name: string;
  /** Field of INFO server with its version. A fork tells one of Redis beside it, for old clients. */
  versionField: string;
  /** Whether that is the server which answers with this INFO server, and not another of the family. */
  answers(info: Info): boolean;
  oldest: readonly [major: number, minor: number];
  programs: { server: string; cli: string; checkRdb: string };
  /** Other names by which its images start the same program. */
  alsoStartedAs: readonly string[];
  /** Whether it loads an RDB file that begins with these nine characters; `expected` in words. */
  rdb: { loads(beginning: string): boolean; expected: string };
  /** Settings that it alone has and that decide what its clients meet, whichever way they are changed. */
  settings: readonly string[];
}

export const redis: Product = {
  name: 'Redis',
  versionField: 'redis_version',
  answers: (info) => (info['server_name'] ?? 'redis') === 'redis',
  // Multi-part append-only files came with 7.0, WAITAOF with 7.2.
  oldest: [7, 2],
  programs: { server: 'redis-server', cli: 'redis-cli', checkRdb: 'redis-check-rdb' },
  alsoStartedAs: [],
  rdb: { loads: (beginning) => /^REDIS\d{4}$/.test(beginning), expected: 'REDIS and a version' },
  settings: [],
};
