import { describe, expect, test } from 'vitest';
import { redis, type Product } from '../../drivers/redis/product.ts';
import { assertRdbEdges, loadedInstead } from '../../drivers/redis/rdb-format.ts';
import { valkey } from '../../drivers/valkey/product.ts';

const [tail, bytes] = [Buffer.concat([Buffer.from([0xff]), Buffer.alloc(8)]), 100];
const check = (beginning: string): void =>
  assertRdbEdges(valkey, { head: Buffer.from(beginning), tail, bytes });

describe('a snapshot', () => {
  test.each(['VALKEY080', 'VALKEY081', 'REDIS0011', 'REDIS0006'])('%s is one of Valkey', (beginning) =>
    expect(() => check(beginning)).not.toThrow(),
  );
  // Redis 7.4 begins with 12; the numbers below 80 are left to Redis.
  test.each(['REDIS0012', 'REDIS0013', 'REDIS0080', 'REDIS0000', 'VALKEY011', 'VALKEY08\n', 'valkey080'])(
    '%j is none',
    (beginning) => expect(() => check(beginning)).toThrow(/not an RDB file that Valkey loads/),
  );
});

describe('a snapshot, by what the very server says that it loads', () => {
  test.each<[Product, string, number | null, RegExp | null]>([
    [valkey, 'VALKEY080', 11, /^up to 11, .* version of Valkey loads$/],
    [valkey, 'VALKEY080', 80, null],
    [valkey, 'VALKEY081', 80, /^up to 80/],
    [valkey, 'REDIS0011', 80, null],
    [valkey, 'REDIS0012', 80, /one up to 11$/],
    [redis, 'REDIS0012', 12, null],
    [redis, 'REDIS0013', 12, /^up to 12, .* version of Redis loads$/],
    [redis, 'VALKEY080', 12, /^REDIS and a version$/],
    [redis, 'REDIS0013', null, null],
  ])('case %#', (product, beginning, format, instead) => {
    const said = loadedInstead(product, format, beginning);
    if (instead) expect(said).toMatch(instead);
    else expect(said).toBeNull();
  });
});

test('a server without a version of its own is none of Valkey', () => {
  expect(valkey.answers({ redis_version: '7.2.4', server_name: 'valkey', valkey_version: '9.1.2' })).toBe(
    true,
  );
  expect(valkey.answers({ redis_version: '8.0.2' })).toBe(false);
});
