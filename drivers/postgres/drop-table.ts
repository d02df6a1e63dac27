import type { ActiveFault, Proof } from '../../core/active-fault.ts';
import { asClientsMeetIt, serverCode, withSession, type PostgresSite } from './server.ts';
import { findTable, labelOf } from './tables.ts';
import { nothingToUndo, waitForLocks } from './undone.ts';

const othersDependOnIt = '2BP01';

/**
 * DROP TABLE, as an operator would type it: with CASCADE once the server says that views or foreign keys of
 * others depend on it. The facts hold where the log stood right after.
 */
export async function dropTable(site: PostgresSite, table: string): Promise<ActiveFault> {
  await site.service.assertOwnPath(site.dataFolder);
  const done = await withSession(site, async (session) => {
    const name = await findTable(session, table);
    await session.rows(waitForLocks);
    const cascade = await session.rows(`DROP TABLE ${name.quoted}`).then(
      () => false,
      async (error: unknown) => {
        if (serverCode(error) !== othersDependOnIt) throw error;
        await session.rows(`DROP TABLE ${name.quoted} CASCADE`);
        return true;
      },
    );
    const [log] = await session.rows<{ lsn: string }>('SELECT pg_current_wal_lsn() AS lsn');
    return { name, cascade, lsn: log!.lsn };
  });
  const label = labelOf(done.name);
  const seen = (on: PostgresSite): Promise<Proof | null> =>
    withSession(on, async ({ rows }) => {
      const [row] = await rows<{ there: string }>(
        'SELECT count(*) AS there FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = $1 AND c.relname = $2',
        [done.name.schema, done.name.table],
      );
      return row!.there === '0'
        ? {
            what: `another session finds no table ${label} in pg_class`,
            facts: { table: label, lsn: done.lsn },
          }
        : null;
    });
  return {
    facts: { table: label, lsn: done.lsn, cascade: done.cascade },
    witness: () => seen(site).catch(() => null),
    stillThere: () => seen(asClientsMeetIt(site)),
    undo: nothingToUndo(site, 'drop-table'),
  };
}
