import type { ActiveFault, Proof } from '../../core/active-fault.ts';
import { messageOf, NothingToActOn } from '../../core/errors.ts';
import type { Helper } from '../../core/service.ts';
import { startAgain } from '../../faults/process.ts';
import { besideVolume } from '../../faults/volume.ts';
import type { PageDamage } from '../mistakes.ts';
import { choosePages } from '../sql/pages.ts';
import { labelOf } from '../sql/tables.ts';
import { damagedPage } from './pages.ts';
import { asText, digestRows, sameRows, type TableDigest } from './row-digest.ts';
import {
  asClientsMeetIt,
  isAbsent,
  serverCode,
  withSession,
  type Session,
  type PostgresSite,
} from './server.ts';
import { forget, locate, readPage, writePage, type TableFile } from './table-file.ts';
import { findTable } from './tables.ts';

/** A page that was overwritten: with what, and what its rows were before. */
interface Damaged {
  page: number;
  bytes: Buffer;
  rows: TableDigest;
}
interface Done {
  table: TableFile;
  pages: Damaged[];
  pagesWithRows: number;
  /** How the server names its data. */
  system: string;
  checksums: boolean;
}

/**
 * Overwrites pages that hold rows of one table, in its file, with the server running. Pages that wait to be
 * written are written first, or they would mend the damage, and the server forgets those that it has in
 * memory, or nobody would notice before the next restart. The table is locked meanwhile, so that none of its
 * pages changes in between.
 */
export async function corruptPages(site: PostgresSite, damage: PageDamage): Promise<ActiveFault> {
  const done = await besideVolume({ service: site.service, folder: site.dataFolder }, (helper) =>
    withSession(site, (session) => overwrite(site, helper, session, damage)),
  );
  const { table, pages, pagesWithRows, checksums } = done;
  return {
    facts: {
      table: labelOf(table.name),
      file: table.path,
      pages: pages.map(({ page }) => page),
      pattern: damage.pattern,
      pagesWithRows,
      dataChecksums: checksums,
    },
    witness: () => witness(site, done),
    stillThere: () => stillThere(site, done),
    undo: { ...startAgain(site.service, 'undo corrupt-pages of'), healed: async () => null },
  };
}

async function overwrite(
  site: PostgresSite,
  helper: Helper,
  session: Session,
  damage: PageDamage,
): Promise<Done> {
  const { rows } = session;
  const name = await findTable(session, damage.table);
  const table = await locate(site, session, name);
  await rows(`${asText}; SET lock_timeout = '10s'`);
  await rows('BEGIN');
  await rows(`LOCK TABLE ${name.quoted} IN ACCESS EXCLUSIVE MODE`);
  const held = (
    await rows<{ page: string }>(
      `SELECT DISTINCT split_part(trim('()' FROM ctid::text), ',', 1)::bigint AS page FROM ONLY ${name.quoted} ORDER BY page`,
    )
  ).map(({ page }) => Number(page));
  if (held.length === 0)
    throw new NothingToActOn(`${damage.table} has no page with rows`, {
      found: table.path,
      expected: 'a table with rows in a file of its own',
    });
  const chosen = choosePages(held, damage.pages, damage.seed);
  const before = new Map<number, TableDigest>();
  for (const page of chosen) before.set(page, await rowsOf(session, table, page));
  const [said] = await rows<{ system: string; checksums: string }>(
    "SELECT system_identifier AS system, current_setting('data_checksums') AS checksums FROM pg_control_system()",
  );
  await rows('CHECKPOINT');
  const pages: Damaged[] = [];
  for (const page of chosen) {
    const bytes = damagedPage(damage, page, await readPage(helper, table, page));
    await writePage(helper, table, page, bytes);
    pages.push({ page, bytes, rows: before.get(page)! });
  }
  const kept = await forget(session, name);
  if (kept !== null) site.note(`pages of ${damage.table} may still be in memory: ${kept}`);
  await rows('ROLLBACK');
  return {
    table,
    pages,
    pagesWithRows: held.length,
    system: said!.system,
    checksums: said!.checksums === 'on',
  };
}

const rowsOf = (session: Session, { name }: TableFile, page: number): Promise<TableDigest> =>
  digestRows(session, name.quoted, {
    where: 'one.ctid >= $1::tid AND one.ctid < $2::tid',
    values: [`(${page},0)`, `(${page + 1},0)`],
  });

/**
 * Reads each page's rows through SQL as the server has them now, and sees it fail at one, or read others than
 * there were.
 */
async function witness(site: PostgresSite, { table, pages }: Done): Promise<Proof | null> {
  const before = await site.service.state();
  const label = labelOf(table.name);
  for (const { page, rows } of pages) {
    const read = await withSession(site, async (session) => {
      await session.rows(asText);
      return rowsOf(session, table, page);
    }).catch((error: unknown) => error as Error);
    if (!(read instanceof Error) && sameRows(read, rows)) continue;
    if (read instanceof Error && !isDamage(read)) continue;
    const said =
      read instanceof Error
        ? `fails (${serverCode(read) ?? 'connection lost'}: ${messageOf(read)})`
        : `gives ${read.rows} rows, others than the ${rows.rows} that were there`;
    return {
      what: `reading page ${page} of ${label} ${said}`,
      facts: { page, said, pidBefore: before.pid, pidAfter: (await site.service.state()).pid },
    };
  }
  return null;
}

/**
 * A connection that was lost while reading, or the server's own word, says something of pages: damaged data,
 * an internal error, a transaction that no log knows. A refused connection says nothing.
 */
const isDamage = (error: Error): boolean =>
  ['ECONNRESET', 'EPIPE'].includes((error as { code?: string }).code ?? '') ||
  /^(?:XX...|58P01|57P02|22021|53200|54000)$/.test(serverCode(error) ?? '') ||
  /Connection terminated unexpectedly/.test(error.message);

/**
 * Reading the whole table fails; or the server still serves that very file, and a page is in it as it was
 * left. That a page has other rows than before says nothing after a restore, which lays them anew.
 */
async function stillThere(site: PostgresSite, { table, pages, system }: Done): Promise<Proof | null> {
  const label = labelOf(table.name);
  const said = await withSession(asClientsMeetIt(site), async (session) => {
    await session.rows(asText);
    await digestRows(session, table.name.quoted);
    const [now] = await session.rows<{ system: string; path: string | null }>(
      'SELECT system_identifier AS system, pg_relation_filepath(to_regclass($1)::oid) AS path FROM pg_control_system()',
      [table.name.quoted],
    );
    return now!;
  }).catch((error: unknown) => error as Error);
  if (said instanceof Error) {
    if (isAbsent(said)) return null;
    if (!isDamage(said)) throw said;
    return { what: `reading all of ${label} fails: ${messageOf(said)}`, facts: { table: label } };
  }
  if (said.system !== system || said.path === null || !table.path.endsWith(`/${said.path}`)) return null;
  for (const { page, bytes } of pages) {
    const now = await readPage(site.service, table, page).catch(() => null);
    if (now?.equals(bytes))
      return {
        what: `page ${page} of ${label} is as the fault left it on disk`,
        facts: { table: label, page },
      };
  }
  return null;
}
