/**
 * Comments in which a dump tool of MySQL or MariaDB says where it is (client/mysqldump.cc: write_header,
 * init_dumping, dump_table, write_footer). A line break within a value is written as `\n`, so that a line of
 * a dump that begins so is the tool's own.
 */
const comment = Buffer.from('\n-- ');
/** Longer than each of them. */
const windowBytes = 64;
const head = /^-- (?:MySQL|MariaDB) dump /;
const end = /^-- Dump completed/;
const database = /^-- Current Database: (.*)/;
/** Accounts lie in it: of MariaDB from 10.4 on in the latter, where the former is a view. */
const accounts = /^-- Dumping data for table `(?:user|global_priv)`/;

/** What a dump says in comments while it goes by; of its bytes only a few are kept. */
export class DumpMarks {
  /** A dump began in it, which may be behind something else. */
  begun = false;
  /** Rows of the server's own accounts are in it. */
  bringsAccounts = false;
  /** Where the last end mark begins, in bytes from the beginning; null: there is none. */
  endAt: number | null = null;
  /** A dump began, and another one began or all ended before its end mark. */
  #isBroken = false;
  #isOpen = false;
  #database = '';
  #seen = 0;
  /** Before this place each comment was read. */
  #readTo = -1;
  /** What goes by begins a line. */
  #last: Buffer = Buffer.from('\n');

  see(chunk: Buffer): void {
    const before = this.#seen;
    const began = before - this.#last.length;
    this.#seen += chunk.length;
    const joint = Buffer.concat([this.#last, chunk.subarray(0, windowBytes)]);
    // Only what its line is known of far enough; the rest comes with the next chunk.
    const until = this.#seen - windowBytes;
    this.#read(joint, began, Math.min(before, until));
    this.#read(chunk, before, until);
    const kept = chunk.length < windowBytes ? joint : chunk;
    // Copied, or all of the chunk would stay in memory with it.
    this.#last = Buffer.from(kept.subarray(-windowBytes));
  }

  /** Asked once all has gone by: a dump in it lacks its end. */
  isCutOff(): boolean {
    this.#read(this.#last, this.#seen - this.#last.length, this.#seen);
    return this.#isBroken || this.#isOpen;
  }

  /** Comments that begin before `until`; `offset`: where the bytes begin. */
  #read(bytes: Buffer, offset: number, until: number): void {
    for (let at = bytes.indexOf(comment, Math.max(0, this.#readTo - offset)); at >= 0; ) {
      if (offset + at >= until) break;
      this.#take(bytes.toString('latin1', at + 1, at + 1 + windowBytes), offset + at + 1);
      at = bytes.indexOf(comment, at + 1);
    }
    this.#readTo = Math.max(this.#readTo, until);
  }

  #take(line: string, at: number): void {
    if (head.test(line)) {
      this.#isBroken ||= this.#isOpen;
      this.#isOpen = true;
      this.begun = true;
      this.#database = '';
    } else if (end.test(line)) {
      this.#isOpen = false;
      this.endAt = at;
    } else {
      this.#database = database.exec(line)?.[1]?.trim() ?? this.#database;
      this.bringsAccounts ||= this.#database === '`mysql`' && accounts.test(line);
    }
  }
}

/** Loads nothing more: a script that wraps a dump writes it behind. */
const harmless =
  /^\s*(?:(?:--(?:\s.*)?|#.*)|(?:COMMIT|UNLOCK\s+TABLES|FLUSH\s+PRIVILEGES|SET\s[^;]*)\s*;)?\s*$/i;

/** Whether these are an end mark, its line whole, and nothing behind it that loads anything. */
export function isEnd(text: string): boolean {
  const [mark, ...behind] = text.split('\n');
  return end.test(mark!) && behind.length > 0 && behind.every((line) => harmless.test(line));
}
