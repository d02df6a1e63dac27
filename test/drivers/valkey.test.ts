import { describe, expect, test } from 'vitest';
import { assertRdbEdges } from '../../drivers/redis/rdb-format.ts';
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

test('a server without a version of its own is none of Valkey', () => {
  expect(valkey.answers({ redis_version: '7.2.4', server_name: 'valkey', valkey_version: '9.1.2' })).toBe(
    true,
  );
  expect(valkey.answers({ redis_version: '8.0.2' })).toBe(false);
});
