import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import type { Clock } from '../../core/clock.ts';
import type { Artifact, BackupMethod, Consistency, Follower, LogSink } from '../../core/backup.ts';
import { environmentError, messageOf } from '../../core/errors.ts';
import { readUntil } from '../../core/until.ts';
import type { MemoryConfig } from './config.ts';
import type { Database } from './database.ts';
import { stops, type Until } from './stops.ts';
import { decodeEntry, encodeEntry, type Entry } from './journal.ts';

const fileName = 'journal.jsonl';
const entriesPerAppend = 5_000;
/** What is committed within so long goes into one append. */
const gatherMs = 50;

/** The journal, followed as it grows: every commit is in the log soon after it was acknowledged. */
export const journalMethod = (database: Database, { bad }: MemoryConfig, clock: Clock): BackupMethod => ({
  follow: async (to, { base }) => follow(database, clock, to, base, bad.leavesLogUnread),
  replay: (from, until, base, context) =>
    context.stage('replay', 'replay the journal', () =>
      replay(database, from, readUntil(stops, until), base),
    ),
});

/** `leavesUnread`: known-bad, it ends without what was committed last. */
function follow(
  database: Database,
  clock: Clock,
  to: LogSink,
  base: Consistency | null,
  leavesUnread: boolean,
): Follower {
  const { history } = database;
  const oldest = database.journal[0]?.sequence ?? database.sequence + 1;
  // Without a base, everything that there is: the snapshot to replay onto may already be under way.
  let next = base ? Number(base.position['sequence']) + 1 : oldest;
  if (base && (base.position['history'] !== history || next < oldest)) {
    throw environmentError('the journal no longer reaches back to the base', {
      found: `${history} from ${oldest}`,
      expected: `${base.position['history']} from ${next}`,
    });
  }
  const stopping = new AbortController();
  let wake = (): void => undefined;
  const unlisten = database.onJournal(() => wake());
  const run = async (): Promise<string | null> => {
    let offset = 0;
    for (;;) {
      if (database.history !== history) return 'the journal was lost with the database';
      if (leavesUnread && stopping.signal.aborted) return null;
      const first = database.journal[0]?.sequence ?? next;
      const batch = database.journal.slice(next - first, next - first + entriesPerAppend);
      if (batch.length > 0) {
        const bytes = Buffer.from(batch.map(encodeEntry).join(''));
        await to.append(fileName, offset, bytes);
        offset += bytes.length;
        next += batch.length;
      } else if (stopping.signal.aborted) {
        return null;
      } else {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
        await clock.sleep(gatherMs, stopping.signal).catch(() => undefined);
      }
    }
  };
  const running = run()
    .catch((error: unknown) => messageOf(error))
    .finally(unlisten);
  return {
    broken: running.then((reason) => (reason === null ? new Promise<string>(() => undefined) : reason)),
    stop: async () => {
      stopping.abort();
      wake();
      await running;
      const left = database.sequence + 1 - next;
      return leavesUnread && left > 0 ? `${left} entries of the journal were not read` : null;
    },
  };
}

/** True when the entry is the first that must not be replayed. `at` is where its line begins in the log. */
function beyond(until: Until, entry: Entry, at: number): boolean {
  if (until === 'latest') return false;
  if ('beforeEntry' in until) return entry.sequence === until.beforeEntry;
  if ('beforeStatement' in until) return new RegExp(until.beforeStatement).test(entry.statement);
  if ('beforeTime' in until) return Date.parse(entry.utc) >= Date.parse(until.beforeTime);
  return at >= until.beforeByte;
}

/**
 * Entries after the base, up to the target. A cut last line is how a followed log ends; anything else that
 * does not fit is an error.
 */
async function entriesUntil(
  from: Artifact,
  until: Until,
  base: Artifact,
): Promise<{ entries: Entry[]; cut: boolean; reached: boolean }> {
  const file = from.files.find(({ name }) => name === fileName);
  if (!file) throw environmentError('the log has no journal', { expected: fileName });
  const entries: Entry[] = [];
  let next = Number(base.position['sequence']) + 1;
  let cut = false;
  let at = 0;
  for await (const line of createInterface({ input: createReadStream(file.path) })) {
    if (cut)
      throw environmentError('the journal is damaged', { found: `a line before ${at} fails its checksum` });
    const entry = decodeEntry(line);
    cut = entry === null;
    if (entry && entry.sequence >= next) {
      if (entry.sequence !== next || entry.history !== base.position['history']) {
        throw environmentError('the journal has a gap', {
          found: `${entry.history} ${entry.sequence}`,
          expected: `${base.position['history']} ${next}`,
        });
      }
      if (beyond(until, entry, at)) return { entries, cut: false, reached: true };
      entries.push(entry);
      next += 1;
    }
    at += Buffer.byteLength(line) + 1;
  }
  return { entries, cut, reached: until === 'latest' || 'beforeTime' in until };
}

async function replay(
  database: Database,
  from: Artifact,
  until: Until,
  base: Artifact,
): Promise<{ entries: number; last: number | null; cut: boolean }> {
  const { entries, cut, reached } = await entriesUntil(from, until, base);
  if (!reached)
    throw environmentError('the journal never reaches the target', {
      expected: JSON.stringify(until),
      found: `${entries.length} entries`,
    });
  for (const { table, rows, statement } of entries) {
    if (statement.startsWith('DROP TABLE')) database.tables.delete(table);
    else database.apply(table, rows);
  }
  const last = entries.at(-1)?.sequence ?? null;
  if (last !== null) database.sequence = Math.max(database.sequence, last);
  return { entries: entries.length, last, cut };
}
