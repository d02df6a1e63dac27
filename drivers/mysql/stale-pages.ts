import type { ActiveFault, Proof } from '../../core/active-fault.ts';
import type { PageDamage } from '../mistakes.ts';
import { choosePages } from '../sql/pages.ts';
import { environmentError } from '../../core/errors.ts';
import { startAgain } from '../../faults/process.ts';
import { serverSchemas } from './config.ts';
import { columnsByTable } from './inventory.ts';
import { isOwnTable } from './own-tables.ts';
import { canStandIn, leaves, type Page } from './pages.ts';
import { liveRecords } from './records.ts';
import { digestTable, type Column, type TableDigest } from './row-digest.ts';
import { badPages, evict, fileIdentity, locate, overwrite, type TableFile } from './table-file.ts';
import type { MysqlSite } from './site.ts';
import { withSession, type Session } from './session.ts';

type Damage = Omit<PageDamage, 'pattern'>;

/** 64 MiB of pages of the usual size are kept in memory as the earlier copy. */
const keptPages = 4_096;
/** Long: of a busy machine few clients come through between two looks. */
const changeDeadlineMs = 60_000;
const lookEveryMs = 250;
const evictions = 4;

interface Swap {
  pages: number[];
  put: ReadonlyMap<number, Buffer>;
  before: TableDigest;
  after: TableDigest;
  changed: number;
}
/** How many rows more (or, below zero, less) the older version of a page has, by the page's number. */
type Changes = ReadonlyMap<number, number>;

/**
 * Takes a copy of a table, waits until the load has removed or changed rows on enough pages, and puts those
 * pages back: each is whole, with the checksum that it had, and out of date. No row is written by us. Writers
 * of the table wait while pages are put back and pushed out of memory, so that nobody writes the present
 * version over them and nothing but the pages explains what the digest of the rows finds.
 */
export async function stalePages(site: MysqlSite, damage: Damage): Promise<ActiveFault> {
  const { file, columns } = await withSession(site, async (session) => {
    const found = await locate(site, session, damage.table);
    return {
      file: found,
      columns: (await columnsByTable(session, [...serverSchemas], site.product)).get(
        `${found.name.schema}.${found.name.table}`,
      )!.columns,
    };
  });
  const table = `${file.name.schema}.${file.name.table}`;
  const { pages, put, before, after, changed } = await withSession(site, async (session) => {
    await session.rows('SET SESSION lock_wait_timeout = 10');
    const older = await earlierCopy(site, session, file, damage.seed);
    const changeable = await whenChanged(site, session, { file, older, wanted: damage.pages });
    try {
      return await putBack(site, session, { file, columns, older, changeable, damage });
    } finally {
      await session.rows('UNLOCK TABLES');
    }
  });
  const identity = await fileIdentity(site, file.path);
  return {
    facts: {
      table,
      file: file.path,
      pages,
      pagesChanged: changed,
      rowsBefore: before.rows,
      rowsAfter: after.rows,
    },
    witness: async (): Promise<Proof | null> => {
      if (before.sum === after.sum && before.xor === after.xor && before.rows === after.rows) return null;
      const damaged = await badPages(site, file.path);
      if (damaged === null || damaged.some((page) => pages.includes(page))) return null;
      return {
        what: `with nobody writing, the digest of the rows of ${table} went from ${before.sum} to ${after.sum} (${before.rows} rows, then ${after.rows}); innochecksum finds nothing wrong with the pages`,
        facts: { before: { ...before }, after: { ...after }, innochecksum: damaged },
      };
    },
    stillThere: () => stillStale(site, { file, identity, put }),
    undo: { ...startAgain(site.service, 'undo stale-page of'), healed: async () => null },
  };
}

interface Stale {
  file: TableFile;
  identity: string;
  put: ReadonlyMap<number, Buffer>;
}

/**
 * Looks for the pages as they were put back. A file that is another one was made by a recovery. In the same
 * file a page that changed since may be mended or not, and only the rows can tell: rejects, but for Muster's
 * own table, each row of which the ledger judges.
 */
async function stillStale(site: MysqlSite, { file, identity, put }: Stale): Promise<Proof | null> {
  const table = `${file.name.schema}.${file.name.table}`;
  if ((await fileIdentity(site, file.path)) !== identity) return null;
  const same: number[] = [];
  for await (const { number, bytes } of pagesOf(site, file))
    if (put.get(number)?.equals(bytes)) same.push(number);
  if (same.length > 0) {
    return {
      what: `${same.length} of ${put.size} pages of ${table} are still the older versions, in the same file`,
      facts: { table, pages: same },
    };
  }
  if (isOwnTable(site, file.name)) return null;
  throw environmentError(`the pages of ${table} changed since, in the same file`, {
    found: file.path,
    expected: 'a file that a recovery made, or the pages as they were put back',
  });
}

/** Everything of the table is on disk, and its writers wait, until UNLOCK TABLES. */
const lock = (session: Session, { name }: TableFile): Promise<unknown> =>
  session.rows(`FLUSH TABLES ${name.quoted} FOR EXPORT`);

async function* pagesOf(site: MysqlSite, { path, pageBytes, index }: TableFile): AsyncGenerator<Page> {
  const reading = await site.service.spawn(['cat', path]);
  yield* leaves(reading.stdout, pageBytes, index);
}

async function earlierCopy(
  site: MysqlSite,
  session: Session,
  file: TableFile,
  seed: number,
): Promise<Map<number, Buffer>> {
  await lock(session, file);
  try {
    const numbers: number[] = [];
    for await (const { number } of pagesOf(site, file)) numbers.push(number);
    const kept = new Set(choosePages(numbers, keptPages, seed));
    const copy = new Map<number, Buffer>();
    for await (const { number, bytes } of pagesOf(site, file))
      if (kept.has(number)) copy.set(number, Buffer.from(bytes));
    if (copy.size > 0) return copy;
    throw environmentError(`${file.name.schema}.${file.name.table} has no page with rows beyond its first`, {
      found: file.path,
      expected: 'a table of several pages',
    });
  } finally {
    await session.rows('UNLOCK TABLES');
  }
}

/**
 * Pages for which the earlier copy can stand in now, with the lock held; as many as wanted, or at the
 * deadline those there are.
 */
async function whenChanged(
  site: MysqlSite,
  session: Session,
  { file, older, wanted }: { file: TableFile; older: ReadonlyMap<number, Buffer>; wanted: number },
): Promise<Changes> {
  const until = site.clock.nowMs() + changeDeadlineMs;
  for (;;) {
    const lookedMs = site.clock.nowMs();
    await lock(session, file);
    const changes = new Map<number, number>();
    for await (const { number, bytes } of pagesOf(site, file)) {
      const then = older.get(number);
      if (then && canStandIn(then, bytes))
        changes.set(number, liveRecords(then).size - liveRecords(bytes).size);
    }
    const late = site.clock.nowMs() >= until;
    if (changes.size >= wanted || (late && changes.size > 0)) return changes;
    await session.rows('UNLOCK TABLES');
    if (late) {
      throw environmentError(
        `no row of ${file.name.schema}.${file.name.table} changed within ${changeDeadlineMs} ms: an older version of its pages would be the present one`,
        {
          found: `${older.size} pages, as they were`,
          expected: 'a table whose rows the load changes or removes',
          hint: "the load's own table always is one",
        },
      );
    }
    // Writers wait while it is locked: they are given as long as they were kept waiting.
    await site.clock.sleep(Math.max(lookEveryMs, site.clock.nowMs() - lookedMs));
  }
}

interface Swapping {
  file: TableFile;
  columns: readonly Column[];
  older: ReadonlyMap<number, Buffer>;
  changeable: Changes;
  damage: Damage;
}

async function putBack(
  site: MysqlSite,
  session: Session,
  { file, columns, older, changeable, damage }: Swapping,
): Promise<Swap> {
  // Over the rows themselves: another index may hold every column and does not change.
  const digest = (): Promise<TableDigest> =>
    digestTable(session, `${file.name.quoted} FORCE INDEX (PRIMARY)`, columns);
  const before = await digest();
  const pages = choosePages([...changeable.keys()], damage.pages, damage.seed);
  await overwrite(
    site,
    file.path,
    pages.map((page) => ({ offset: page * file.pageBytes, bytes: older.get(page)! })),
  );
  const rows = pages.reduce((sum, page) => sum + changeable.get(page)!, before.rows);
  let after = before;
  // A page that stays in memory is the present one, and would be written over the older one with its next
  // change.
  for (let i = 0; i < evictions && (after.sum === before.sum || after.rows !== rows); i += 1) {
    await withSession(site, (session) => evict(site, session));
    after = await digest();
  }
  return {
    pages,
    put: new Map(pages.map((page) => [page, older.get(page)!])),
    before,
    after,
    changed: changeable.size,
  };
}
