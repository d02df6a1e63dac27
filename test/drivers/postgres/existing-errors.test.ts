import { expect, test } from 'vitest';
import { errorsIn } from '../../../drivers/postgres/existing/restore.ts';
import { isWhole } from '../../../drivers/postgres/existing/watched.ts';

const said = {
  english: 'psql:<stdin>:12: ERROR:  relation "public.nowhere" does not exist',
  german: 'psql:<stdin>:12: FEHLER:  Relation »public.nowhere« existiert nicht',
  russian: 'psql:<stdin>:12: ОШИБКА:  отношение "public.nowhere" не существует',
  fatal: 'psql:<stdin>:3: FATAL:  terminating connection due to administrator command',
  client: 'psql:<stdin>:7: error: invalid command \\nonsense',
};

test.each(Object.entries(said))('an error is one in any language: %s', (_, line) => {
  for (const format of ['pg_dump', 'pg_dumpall'] as const)
    expect(errorsIn(`LINE 1: INSERT INTO public.nowhere\n${line}\n        ^\n`, format)).toEqual([line]);
});

test.each([
  'psql:<stdin>:9: NOTICE:  table "orders" does not exist, skipping',
  'psql:<stdin>:9: WARNING:  no privileges were granted for "public"',
  'psql:<stdin>:9: ERROR:  role "postgres" already exists',
  'psql:<stdin>:9: ERROR:  database "app" already exists',
])('%s is none, of a dump of all', (line) => expect(errorsIn(`${line}\n`, 'pg_dumpall')).toEqual([]));

const one =
  '--\n-- PostgreSQL database dump\n--\n\nSELECT 1;\n\n--\n-- PostgreSQL database dump complete\n--\n\n';
const all = '--\n-- PostgreSQL database cluster dump complete\n--\n\n';
const unrestrict = '\\unrestrict vNIo5rlMclql4aRBi3babnHfH8DiHEA9DqdyRGQj30ddSgekCA144uRXNfaElW4\n\n';

test.each([
  ['pg_dump', one],
  ['pg_dump', one + unrestrict],
  ['pg_dump', `${one}-- kept by backup.sh\n`],
  ['pg_dumpall', one + all],
  ['pg_dumpall', one + unrestrict + all],
] as const)('a dump of %s is whole by what it ends with: %j', (format, end) => {
  expect(isWhole(format, end)).toBe(true);
});

test.each([
  ['pg_dump', one.slice(0, -50)],
  ['pg_dump', `${one}--\n-- PostgreSQL database dump\n--\n`],
  ['pg_dump', `${one}CREATE TABLE orders (\n`],
  // Between two databases: the last one of those that are there is whole.
  ['pg_dumpall', one],
  ['pg_dumpall', `${one}--\n-- Database "shop" dump\n--\n`],
  ['pg_dumpall', `${one}${all}garbage`],
] as const)('a dump of %s is cut off: %j', (format, end) => {
  expect(isWhole(format, end)).toBe(false);
});
test('of other SQL nothing says', () => expect(isWhole('sql', one)).toBeNull());
