import type { ExistingRestorer } from '../../../core/existing.ts';
import { isAbsent, quoted, serverCode, withSession, type PostgresSite, type Session } from '../server.ts';
import { fingerprintOf } from './fingerprint.ts';
import { recogniseDump } from './recognise.ts';
import { emptyOwn, emptyServer, loadDump } from './restore.ts';
import { objectsOf, usability } from './usable.ts';

/** Dumps of pg_dump and pg_dumpall, loaded by the programs of the service's image into its emptied server. */
export function existingDumps(site: PostgresSite): ExistingRestorer {
  let { database } = site;
  let isFolder = false;
  let before: string[] = [];
  const asked = <T>(work: (session: Session) => Promise<T>): Promise<T> =>
    withSession(
      site,
      async (session) => {
        await session.rows("SET TimeZone = 'UTC'");
        return work(session);
      },
      { database },
    );
  return {
    recognise: (head, declared) => recogniseDump(head, site.server, declared),
    empty: (declared, again) => {
      database = declared.database ?? site.database;
      if (site.limited) return emptyOwn(site);
      return emptyServer(site, database, again === 'databases');
    },
    restore: async (content, recognised, context) => {
      const { restored, accountsBefore } = await loadDump(site, content, recognised, context, database);
      isFolder = recognised.format === 'data folder';
      before = accountsBefore;
      // What a dump made for itself is what queries mean, unless another was declared.
      if (context.declared.database === undefined && recognised.format === 'pg_dump')
        database = recognised.said.database ?? database;
      return restored;
    },
    usable: () => usability(site, database, isFolder),
    value: (query) =>
      asked(async ({ rows }) => {
        const [row] = await rows<Record<string, string | null>>(query);
        return Object.values(row ?? {})[0] ?? null;
      }),
    newestIn: (table, column) => `SELECT max(${quoted(column)}) FROM ${qualified(table)}`,
    count: (of) =>
      asked(async ({ rows }) => {
        const [row] = await rows<{ n: string }>(`SELECT count(*) AS n FROM ${qualified(of)}`).catch(
          (error: unknown) => {
            if (isAbsent(error) || serverCode(error) === '42P01') return [];
            throw error;
          },
        );
        return row ? Number(row.n) : null;
      }),
    objects: (kind) => asked((session) => objectsOf(session, kind)),
    accountsBefore: () => before,
    fingerprint: () => asked(fingerprintOf),
  };
}

/** `orders`, or `sales.orders`. */
const qualified = (name: string): string => name.split('.').map(quoted).join('.');
