import { describe, expect, test } from 'vitest';
import { messageOf } from '../../core/errors.ts';
import { parseManifest } from '../../drivers/redis/aof-manifest.ts';
import { asLost, operationError } from '../../drivers/redis/connection.ts';
import { expiryKey, isMusters, isRecord, markKey, recordId, recordKey } from '../../drivers/redis/keys.ts';
import { parseStatus } from '../../drivers/redis/ownership.ts';
import { assertLoadable, versionOf } from '../../drivers/redis/position.ts';
import { assertPreloaded, loadingConfiguration, type Preloaded } from '../../drivers/redis/preload.ts';
import { redis } from '../../drivers/redis/product.ts';
import { assertRdbEdges, keysRead, rdbEdges } from '../../drivers/redis/rdb-format.ts';
import { modulesOf, type Persistence } from '../../drivers/redis/server.ts';
import { parseInfo } from '../../drivers/redis/info.ts';

const replyError = (message: string): Error => Object.assign(new Error(message), { name: 'ReplyError' });

describe('the outcome of a command that failed', () => {
  test.for([
    'LOADING Redis is loading',
    'MISCONF saving fails',
    'READONLY replica',
    'NOREPLICAS',
    'OOM',
    'EXECABORT',
    'NOAUTH',
  ])('%s is certain', (message) => {
    expect(operationError(replyError(message)).certain).toBe(true);
  });
  test('never written to a socket is certain', () => {
    expect(
      operationError(new Error("Stream isn't writeable and enableOfflineQueue options is false")).certain,
    ).toBe(true);
  });
  test.for([
    'Connection is closed.',
    'Command timed out',
    'Reached the max retries per request limit (which is 0)',
    'Socket timeout. Expecting data',
  ])('%s is not', (message) => {
    expect(operationError(new Error(message)).certain).toBe(false);
  });
  test('a connection that went is told as that, not as a setting of the library', () => {
    const gone = Object.assign(new Error('Reached the max retries per request limit (which is 0)'), {
      name: 'MaxRetriesPerRequestError',
    });
    expect(messageOf(operationError(gone))).toBe('the connection to the server was lost before it answered');
    expect(asLost(gone)).toMatchObject({
      trouble: 'environment',
      message: 'the connection to the server was lost before it answered',
    });
  });
});

describe('the edges of an RDB', () => {
  const whole = Buffer.concat([
    Buffer.from('REDIS0012'),
    Buffer.alloc(100, 1),
    Buffer.from([0xff]),
    Buffer.alloc(8, 7),
  ]);
  const check = (content: Buffer): void => {
    const edges = rdbEdges();
    for (let at = 0; at < content.length; at += 5) edges.add(content.subarray(at, at + 5));
    assertRdbEdges(redis, { head: edges.head(), tail: edges.tail(), bytes: content.length });
  };
  test('a whole one passes, in whatever pieces it comes', () => expect(() => check(whole)).not.toThrow());
  test.for<[string, Buffer]>([
    ['empty', Buffer.alloc(0)],
    ['cut', whole.subarray(0, -1)],
    ['without its checksum', whole.subarray(0, -8)],
    ['with the 40 bytes that redis-cli --rdb - leaves', Buffer.concat([whole, Buffer.alloc(40, 0x61)])],
    ['something else', Buffer.from('<html>not found</html>'.padEnd(40))],
  ])('%s is refused', ([, content]) => expect(() => check(content)).toThrow());
});

describe('a snapshot loaded before the append-only file is written', () => {
  const seen = { loaded: 90, expired: 10, due: 0, written: 90 };
  test('holds every key whose time has not come', () => {
    expect(assertPreloaded(100, seen)).toEqual({ keys: 90, expired: 10 });
    // The time of three came after they were loaded: one was written all the same.
    expect(assertPreloaded(100, { ...seen, due: 3, written: 88 })).toEqual({ keys: 88, expired: 12 });
  });
  test.for<[string, Preloaded]>([
    ['was not loaded', { ...seen, loaded: 89, written: 89 }],
    ['was loaded and not written', { ...seen, written: 89 }],
    ['was not written, and is more than those whose time came', { ...seen, due: 3, written: 86 }],
    ['was written that nobody loaded', { ...seen, written: 91 }],
  ])('is refused where a key %s', ([, found]) =>
    expect(() => assertPreloaded(100, found)).toThrow(/not every key/),
  );
});

test('what loads a snapshot has as many databases and the modules with their arguments, and none that is built in', () => {
  const reply = [
    ['name', 'bf', 'ver', 80001, 'path', '/modules/bloom.so', 'args', ['SIZE', 'a "b" \\ c']],
    ['name', 'plain', 'ver', 1, 'path', '/modules/of shop.so', 'args', []],
    ['name', 'vectorset', 'ver', 1, 'path', '', 'args', []],
    ['name', 'lua', 'ver', 1, 'path', 'lua', 'args', []],
  ];
  const persistence = { databases: 32, modules: modulesOf(reply) } as unknown as Persistence;
  expect(loadingConfiguration(persistence).split('\n')).toEqual([
    'databases 32',
    'loadmodule "/modules/bloom.so" "SIZE" "a \\"b\\" \\\\ c"',
    'loadmodule "/modules/of shop.so"',
  ]);
});

describe('the manifest of an append-only file', () => {
  test('names base and increments, with what later versions add', () => {
    const text =
      'file appendonly.aof.2.base.rdb seq 2 type b\nfile appendonly.aof.1.incr.aof seq 1 type h\nfile appendonly.aof.2.incr.aof seq 2 type i startoffset 12\n';
    expect(parseManifest(text).map(({ file, type }) => `${file} ${type}`)).toEqual([
      'appendonly.aof.2.base.rdb b',
      'appendonly.aof.1.incr.aof h',
      'appendonly.aof.2.incr.aof i',
    ]);
  });
  test.for([
    '',
    'file a seq 1 type h\n',
    'file ../../etc/passwd seq 1 type b\n',
    'file a seq one type b\n',
    '\0\0\0',
  ])('%j is refused', (text) => {
    expect(() => parseManifest(text)).toThrow();
  });
});

describe('versions', () => {
  test("a newer server's file is refused, an older one's and another patch release's are not", () => {
    expect(() => assertLoadable('Redis 8.2.0', 'Redis 8.0.2')).toThrow(/newer server/);
    expect(() => assertLoadable('Redis 10.0.0', 'Redis 9.9.9')).toThrow(/newer server/);
    expect(() => assertLoadable('Redis 8.0.9', 'Redis 8.0.2')).not.toThrow();
    expect(() => assertLoadable('Redis 7.4.1', 'Redis 8.0.2')).not.toThrow();
  });
  test('of another server of the family say nothing: its file is refused', () => {
    expect(() => assertLoadable('Valkey 8.0.1', 'Redis 8.0.2')).toThrow(/of another kind/);
    expect(() => assertLoadable('Redis 7.2.4', 'Valkey 8.0.1')).toThrow(/of another kind/);
  });
  test('are read from what servers print', () => expect(versionOf('Redis 8.0.2')).toEqual([8, 0, 2]));
  test('what is none is an error', () => expect(() => versionOf('git')).toThrow());
});

test('a fork that tells a version of Redis is not taken for Redis', () => {
  expect(redis.answers({ redis_version: '8.0.2' })).toBe(true);
  expect(redis.answers({ redis_version: '7.2.4', server_name: 'valkey', valkey_version: '8.1.1' })).toBe(
    false,
  );
});

test('keys of records lead back to their ids, and no other key does', () => {
  expect(recordId('redis', Buffer.from(recordKey('redis', 42)))).toBe(42);
  for (const other of ['ttl:1', 'mark', '1e3'])
    expect(recordId('redis', Buffer.from(`muster-drill:redis:${other}`))).toBeNull();
});

test('keys of Muster are told from those of an application that begin alike', () => {
  const own = [recordKey('redis-2', 42), expiryKey('redis', 7), markKey('redis')];
  own.push('muster-drill:redis:flush:3', 'muster-drill:redis:attempt:0f0f0f0f');
  const isOurs = (key: string): boolean => isMusters(Buffer.from(key));
  expect(own.filter(isOurs)).toHaveLength(5);
  expect(own.filter((key) => isRecord(Buffer.from(key)))).toEqual([recordKey('redis-2', 42)]);
  const theirs = [
    'muster:user:alice',
    'muster:redis:42',
    'muster:redis:mark',
    'muster:roll',
    'muster:',
    'muster-drill:redis:ttl',
    'muster-drill:a:b:7',
    'muster-drilled:a:7',
  ];
  expect(theirs.filter(isOurs)).toEqual([]);
  expect(isMusters(Buffer.from('muster-drill:\xac\xed:42', 'latin1')), 'is no text').toBe(false);
});

test('INFO is read field by field, values with colons whole', () => {
  expect(parseInfo('# Server\r\nredis_version:8.0.2\r\nos:Linux: x\r\n\r\n')).toEqual({
    redis_version: '8.0.2',
    os: 'Linux: x',
  });
});

test('redis-check-rdb without a count of keys is an error, not zero keys', () => {
  expect(keysRead('[info] 200 keys read\n')).toBe(200);
  expect(() => keysRead('[offset 0] Checking RDB file')).toThrow();
});

describe('as whom the server writes', () => {
  const status = 'Name:\tredis-server\nUmask:\t0077\nUid:\t0\t999\t999\t999\nGid:\t0\t1000\t1000\t1000\n';
  test('is its effective user and group, and what its umask leaves', () => {
    expect(parseStatus(status)).toEqual({ owner: '999:1000', fileMode: '600', folderMode: '700' });
    expect(parseStatus(status.replace('0077', '0022'))).toMatchObject({ fileMode: '644', folderMode: '755' });
  });
  test('is unknown where the kernel does not tell all of it', () =>
    expect(parseStatus(status.replace(/Umask.*\n/, ''))).toBeNull());
});
