import { expect, test } from 'vitest';
import { unprotected, type Recognised } from '../../cli/init-recognise.ts';
import type { ComposeConfig } from '../../stack/compose.ts';

/** A database with these mounts beside its data. */
const said = (...beside: string[]): string[] => {
  const volumes = ['data:/var/lib/postgresql/data', ...beside].map((one) => {
    const [source, target, only] = one.split(':');
    return { type: source!.startsWith('/') ? 'bind' : 'volume', source, target, read_only: only === 'ro' };
  });
  const config = { services: { db: { image: 'postgres:17', volumes } } } as unknown as ComposeConfig;
  return unprotected(config, [{ service: 'db', driver: 'postgres', leftOut: null } as Recognised]);
};

test('what a database has beside its data is named, unless it is read only, its settings, or where backups go', () => {
  expect(said('keys:/keys')).toEqual([
    'keys of db at /keys is written to, and in no backup that Muster knows',
  ]);
  expect(said('keys:/keys:ro')).toEqual([]);
  expect(said('/shop/my.conf:/etc/postgresql/my.conf', '/shop/sql:/docker-entrypoint-initdb.d')).toEqual([]);
  expect(said('old:/backups', 'dumps:/var/dumps')).toEqual([]);
});

test('where nobody knows which of them holds the data, all of them may', () => {
  const volumes = [{ type: 'volume', source: 'a', target: '/a' }];
  const config = { services: { db: { image: 'x', volumes } } } as unknown as ComposeConfig;
  expect(unprotected(config, [{ service: 'db', driver: 'postgres', leftOut: null } as Recognised])).toEqual(
    [],
  );
});
