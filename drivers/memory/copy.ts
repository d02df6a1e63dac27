import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import type { Artifact, BackupMethod, RestoreContext } from '../../core/backup.ts';
import { environmentError } from '../../core/errors.ts';
import type { MemoryConfig } from './config.ts';
import { workloadTable, type Database } from './database.ts';
import { decodeEntry, encodeEntry, type Entry } from './journal.ts';

export const serverName = 'Muster memory 1';
const fileName = 'data.jsonl';
const rowsPerLine = 500;
const endMark = '-- complete: ';

/**
 * A snapshot: each table as lines of rows with their checksum, and a last line that says how many lines there
 * are.
 */
export function copyMethod(database: Database, config: MemoryConfig): BackupMethod {
  let taken = 0;
  return {
    backup: async (to, { now, signal }) => {
      if (config.bad.stallBackupsAfter !== undefined && taken >= config.bad.stallBackupsAfter)
        await stall(signal);
      await database.operate(() => undefined);
      const atMs = now();
      const position = { history: database.history, sequence: String(database.sequence) };
      await to.put(fileName, Readable.from(whileAlive(database, contentOf(database, config))));
      taken += 1;
      return { atMs, position, tool: 'copy 1', server: serverName };
    },
    restore: (from, context) => restoreCopy(database, from, context),
  };
}

/** A copy comes out of the database's own process: when that dies in the middle, so does the copy. */
async function* whileAlive(database: Database, lines: readonly string[]): AsyncGenerator<string> {
  const { pid } = database;
  for (const line of lines) {
    if (database.pid !== pid)
      throw environmentError('the database went away while it was copied', {
        found: `process ${database.pid}`,
        expected: `process ${pid}`,
      });
    yield line;
    await new Promise<void>((resolve) => setImmediate(resolve));
  }
}

/** Never resolves by itself: a schedule that has stopped without a word. */
const stall = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason), { once: true }));

function omitted(config: MemoryConfig, table: string, id: number): boolean {
  const { omit } = config.bad;
  if (!omit || table !== workloadTable) return false;
  const unit = omit.of === 'ids' ? id : Math.floor(id / config.groupSize);
  return unit % omit.every === 0;
}

/** All lines of a copy, the end mark included. */
export function contentOf(database: Database, config: MemoryConfig): string[] {
  const lines = snapshotLines(database, config);
  return [...lines, `${endMark}${lines.length}\n`];
}

function snapshotLines(database: Database, config: MemoryConfig): string[] {
  const lines: string[] = [];
  for (const [table, { rows }] of database.tables) {
    const kept: Entry['rows'] = [];
    for (const id of rows.keys())
      if (!omitted(config, table, id)) kept.push([id, database.rowOf(database.tables.get(table)!, id)]);
    for (let at = 0; at === 0 || at < kept.length; at += rowsPerLine) {
      lines.push(
        encodeEntry({
          history: database.history,
          sequence: database.sequence,
          utc: '',
          statement: '',
          table,
          rows: kept.slice(at, at + rowsPerLine),
        }),
      );
    }
  }
  return lines;
}

const restoreCopy = async (
  database: Database,
  from: Artifact,
  context: RestoreContext,
): Promise<{ rows: number; tables: number }> => loadCopy(database, await readWhole(from), from, context);

/** Puts a copy that is known to be whole in the place of everything. */
export async function loadCopy(
  database: Database,
  entries: readonly Entry[],
  from: Artifact,
  { stage, progress }: RestoreContext,
): Promise<{ rows: number; tables: number }> {
  await stage('fence', 'close the database', async () => database.stop());
  await stage('restore', 'load the copy', async () => {
    const { pid } = database;
    database.tables = new Map();
    for (const [at, { table, rows }] of entries.entries()) {
      database.apply(table, rows);
      progress(at + 1, entries.length, 'events');
      await new Promise<void>((resolve) => setImmediate(resolve));
      if (database.pid !== pid)
        throw environmentError('the database went away while it was restored', {
          found: `${at + 1} of ${entries.length} lines loaded`,
          hint: 'Run the recovery again.',
        });
    }
    database.sequence = Math.max(database.sequence, Number(from.position['sequence']));
    database.restored = true;
  });
  await stage('ready', 'open the database', () => database.start());
  return { rows: entries.reduce((sum, entry) => sum + entry.rows.length, 0), tables: database.tables.size };
}

function readWhole(from: Artifact): Promise<Entry[]> {
  const file = from.files.find(({ name }) => name === fileName);
  if (!file)
    throw environmentError('the copy has no data file', {
      expected: fileName,
      found: from.files.map(({ name }) => name).join(', ') || 'no files',
    });
  return entriesOf(createInterface({ input: createReadStream(file.path) }));
}

/** Everything of the copy, or an error: nothing has been touched by then. */
export async function entriesOf(copy: AsyncIterable<string> | Iterable<string>): Promise<Entry[]> {
  const entries: Entry[] = [];
  let promised: number | null = null;
  for await (const line of copy) {
    if (line.startsWith(endMark)) {
      promised = Number(line.slice(endMark.length));
      continue;
    }
    const entry = decodeEntry(line);
    if (!entry)
      throw environmentError('the copy is damaged', {
        found: `line ${entries.length + 1} fails its checksum`,
        hint: 'Nothing was changed. Restore from another copy.',
      });
    entries.push(entry);
  }
  if (promised !== entries.length)
    throw environmentError('the copy is not complete', {
      found: `${entries.length} lines, end mark ${promised ?? 'missing'}`,
      hint: 'Nothing was changed. Restore from another copy.',
    });
  return entries;
}
