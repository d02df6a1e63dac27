import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { expect, test } from 'vitest';
import { filesIn } from '../../../drivers/postgres/cluster.ts';
import { watching } from '../../../drivers/postgres/dump.ts';
import { forEmptyCluster, isComplete } from '../../../drivers/postgres/globals.ts';
import { fallenBack } from '../../../drivers/postgres/restore.ts';
import { archive, small } from './archives.ts';

const whole = archive(small);

async function passed(bytes: Buffer, { code = 0, stderr = '', floor = 0 } = {}): Promise<Buffer> {
  const watched = watching('app', async () => ({ code, stderr }), floor);
  const [, out] = await Promise.all([pipeline(Readable.from([bytes]), watched), buffer(watched)]);
  return out;
}

test('a dump passes byte for byte when pg_dump ended well and all of it is there', async () => {
  expect(await passed(whole)).toEqual(whole);
});

test('a dump of a pg_dump that failed, that is cut off, or that is too small is an error', async () => {
  await expect(passed(whole, { code: 1, stderr: 'pg_dump: error: server closed' })).rejects.toThrow(/code 1/);
  await expect(passed(whole.subarray(0, whole.length - 1))).rejects.toThrow(/not complete/);
  await expect(passed(Buffer.alloc(0))).rejects.toThrow(/not complete/);
  await expect(passed(whole, { floor: 10_000 })).rejects.toThrow(/too small/);
});

const roles = `--
-- PostgreSQL database cluster dump
--
SET default_transaction_read_only = off;
CREATE ROLE app;
ALTER ROLE app WITH LOGIN PASSWORD 'SCRAM-SHA-256$4096:salt$key:key';
CREATE ROLE postgres;
ALTER ROLE postgres WITH SUPERUSER;

--
-- PostgreSQL database cluster dump complete
--

`;

test('of the dump of roles only the making of the first one is left out', () => {
  expect(forEmptyCluster(roles, 'postgres')).toBe(roles.replace('CREATE ROLE postgres;\n', ''));
  const other = roles.replaceAll('postgres;', '"Boss";');
  expect(forEmptyCluster(other, 'Boss')).toBe(other.replace('CREATE ROLE "Boss";\n', ''));
  expect(isComplete(`${roles}\\unrestrict abcDEF123\n\n`)).toBe(true);
});

test('a dump of roles that is cut off, or does not make the first one, is refused', () => {
  expect(() => forEmptyCluster(roles.slice(0, -60), 'postgres')).toThrow(/cut off/);
  expect(() => forEmptyCluster('', 'postgres')).toThrow(/cut off/);
  expect(() => forEmptyCluster(roles, 'boss')).toThrow(/does not make the role/);
});

test('settings come as they are, whatever is in them', () => {
  expect(filesIn('a.conf\n7\nb.conf\nb.conf\n      0\nc.conf\n6\nü=\n1\n')).toEqual({
    'a.conf': 'b.conf\n',
    'b.conf': '',
    'c.conf': 'ü=\n1\n',
  });
  expect(filesIn('')).toEqual({});
});

test('a sequence that is missing, was reset or stands below where it stood has fallen back', () => {
  const was = { a: '9223372036854775807', b: '5', c: '5' };
  expect(fallenBack(was, { a: '9223372036854775807', b: '6', c: '5' })).toEqual([]);
  expect(fallenBack(was, { a: '9223372036854775806', b: '5' })).toEqual([
    'a: 9223372036854775806, was 9223372036854775807',
    'c: missing or never used, was 5',
  ]);
});
