import type { ActiveFault, Proof } from '../../core/active-fault.ts';
import type { PageDamage } from '../mistakes.ts';
import { choosePages } from '../sql/pages.ts';
import { messageOf, NothingToActOn } from '../../core/errors.ts';
import { startAgain } from '../../faults/process.ts';
import { leafPages, overwriteFor } from './pages.ts';
import { badPages, evict, locate, overwrite, type TableFile } from './table-file.ts';
import type { TableName } from '../sql/tables.ts';
import type { MysqlSite } from './site.ts';
import { serverCode, withSession } from './session.ts';

/**
 * Overwrites pages that hold rows of one table, in its .ibd file, with the server running. Pages that wait to
 * be written are written first, or they would mend the damage; pages in memory are then pushed out, or nobody
 * would notice it before the next restart.
 */
export async function corruptPages(site: MysqlSite, damage: PageDamage): Promise<ActiveFault> {
  const target = await withSession(site, async (session) => {
    const found = await locate(site, session, damage.table);
    await session.rows('SET SESSION lock_wait_timeout = 10');
    await session.rows(`FLUSH TABLES ${found.name.quoted} FOR EXPORT`);
    await session.rows('UNLOCK TABLES');
    return found;
  });
  const reading = await site.service.spawn(['cat', target.path]);
  const leaves = await leafPages(reading.stdout, target.pageBytes, target.index);
  if (leaves.length === 0)
    throw new NothingToActOn(`${damage.table} has no page with rows`, {
      found: target.path,
      expected: 'a table with rows in a file of its own',
    });
  const pages = choosePages(leaves, damage.pages, damage.seed);
  await overwrite(
    site,
    target.path,
    pages.map((page) => overwriteFor(damage, page, target.pageBytes)),
  );
  await withSession(site, (session) => evict(site, session)).catch((error: unknown) => {
    // The server may die of it before we are done: that is the effect.
    site.note(`pages may still be in memory: ${messageOf(error)}`);
  });
  return {
    facts: {
      table: `${target.name.schema}.${target.name.table}`,
      file: target.path,
      pages,
      pattern: damage.pattern,
      pagesWithRows: leaves.length,
    },
    witness: () => witness(site, target, pages),
    stillThere: () => witness(site, target, pages),
    undo: { ...startAgain(site.service, 'undo corrupt-pages of'), healed: async () => null },
  };
}

/**
 * Reads every row of the table through SQL, as nobody else does, and sees the server fail at it; innochecksum
 * then names a page.
 */
async function witness(
  site: MysqlSite,
  { name, path }: TableFile,
  pages: readonly number[],
): Promise<Proof | null> {
  const before = await site.service.state();
  const failure = await fullScan(site, name).then(
    () => null,
    (error: unknown) => error,
  );
  if (failure === null || !isDamage(failure)) return null;
  const named = await badPages(site, path);
  if (named === null || !pages.some((page) => named.includes(page))) return null;
  const said = `${serverCode(failure) ?? 'connection lost'}: ${messageOf(failure)}`;
  return {
    what: `reading all of ${name.schema}.${name.table} fails (${said}), and innochecksum finds page ${named[0]} of its file damaged`,
    facts: {
      scan: said,
      innochecksum: named,
      pidBefore: before.pid,
      pidAfter: (await site.service.state()).pid,
    },
  };
}

const fullScan = (site: MysqlSite, name: TableName): Promise<void> =>
  withSession(site, async ({ rows, connection }) => {
    const columns = await rows<{ c: string }>(
      'SELECT column_name AS c FROM information_schema.columns WHERE table_schema = ? AND table_name = ?',
      [name.schema, name.table],
    );
    const lengths = columns.map(({ c }) => `IFNULL(LENGTH(\`${c.replaceAll('`', '``')}\`), 0)`).join(' + ');
    await connection.query({
      sql: `SELECT COUNT(*), SUM(${lengths}) FROM ${name.quoted} FORCE INDEX (PRIMARY)`,
      timeout: 30_000,
    });
  });

/**
 * A refused connection says nothing about pages; a connection that was lost while reading, or the server's
 * own word, does.
 */
const isDamage = (error: unknown): boolean =>
  ['PROTOCOL_CONNECTION_LOST', 'ECONNRESET', 'EPIPE'].includes((error as { code?: string }).code ?? '') ||
  /corrupt|ER_NOT_KEYFILE|ER_GET_ERRNO|ER_INNODB/i.test(`${serverCode(error) ?? ''} ${messageOf(error)}`);
