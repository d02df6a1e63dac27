import type { ExistingRestorer } from '../../../core/existing.ts';
import { quoted, serverCode, withSession, type Session } from '../session.ts';
import type { MysqlSite } from '../site.ts';
import { fingerprintOf } from './fingerprint.ts';
import { recogniseDump } from './recognise.ts';
import { databasesOf, emptyServer, loadDump, loadFolder, targetOf } from './restore.ts';
import { objectsOf, usability } from './usable.ts';

/** Of the server's log, of which one line of many that are alike is enough. */
const logLines = 1_000;

/** Dumps in SQL, loaded by the client of the service's own image into the service's own, emptied server. */
export function existingDumps(site: MysqlSite): ExistingRestorer {
  let database: string | undefined;
  let isFolder = false;
  let before: string[] = [];
  /** Times as UTC, and the database that queries mean when they name none. */
  const asked = <T>(work: (session: Session) => Promise<T>): Promise<T> =>
    withSession(site, async (session) => {
      await session.rows("SET SESSION time_zone = '+00:00'");
      const there = await databasesOf(session);
      const meant = targetOf(site, database) ?? undefined;
      const used =
        meant !== undefined && there.includes(meant) ? meant : there.length === 1 ? there[0] : null;
      if (used) await session.rows(`USE ${quoted(used)}`);
      return work(session);
    });
  return {
    recognise: (head, declared) =>
      recogniseDump(head, { server: site.server, product: site.product.name }, declared),
    empty: (declared, again) => {
      database = declared.database;
      return emptyServer(site, database, again === 'databases');
    },
    restore: async (content, recognised, context) => {
      isFolder = recognised.format === 'data folder';
      before = [];
      if (isFolder) return loadFolder(site, content, recognised, context);
      const { restored, accountsBefore } = await loadDump(site, content, recognised, context);
      before = accountsBefore;
      return restored;
    },
    usable: () => asked((session) => usability(session, isFolder ? () => site.service.logs(logLines) : null)),
    value: (query) =>
      asked(async ({ rows }) => {
        const [row] = await rows<Record<string, unknown>>(query);
        const [first] = Object.values(row ?? {});
        return first === null || first === undefined ? null : String(first);
      }),
    newestIn: (table, column) => `SELECT MAX(${quoted(column)}) FROM ${qualified(table)}`,
    count: (of) =>
      asked(async ({ rows }) => {
        const [row] = await rows<{ n: string | number }>(`SELECT COUNT(*) AS n FROM ${qualified(of)}`).catch(
          (error: unknown) => {
            if (['ER_NO_SUCH_TABLE', 'ER_BAD_DB_ERROR', 'ER_NO_DB_ERROR'].includes(serverCode(error) ?? ''))
              return [];
            throw error;
          },
        );
        return row ? Number(row.n) : null;
      }),
    objects: (kind) => asked((session) => objectsOf(session, kind)),
    accountsBefore: () => before,
    // In a session that means no database: what the server says of a view depends on that.
    fingerprint: () => withSession(site, (session) => fingerprintOf(session)),
  };
}

/** `orders`, or `shop.orders`. */
function qualified(name: string): string {
  const dot = name.indexOf('.');
  return dot < 0 ? quoted(name) : `${quoted(name.slice(0, dot))}.${quoted(name.slice(dot + 1))}`;
}
