import { expect, test } from 'vitest';
import { errorsIn } from '../../../drivers/postgres/existing/restore.ts';

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
