import type { DumpWatch } from '../../core/dump-shape.ts';
import { messageOf } from '../../core/errors.ts';
import { Reader, readList, Short, wrong, type ArchiveHead, type Entry } from './archive-list.ts';

/**
 * pg_dump's custom format, as src/bin/pg_dump/pg_backup_custom.c writes it: behind its list a block for each
 * entry that has data. It has no mark at its end: it is whole when each entry that has data has had its
 * block, to the length of nought that ends it.
 */
const blockOf = { rows: 1, largeObjects: 3 };

/** Looks at an archive as it goes by. */
export interface ArchiveWatch {
  /** Throws where it is no archive, or its blocks do not follow each other. */
  see(chunk: Buffer): void;
  /** Null until the list has been seen. */
  head(): ArchiveHead | null;
  /** In words, what is missing at the end; null where it is whole. */
  missing(): string | null;
}

/**
 * `beyond`: what comes after the last block is nobody's, as pg_restore has it. Where pg_dump's output is a
 * file, it writes its list once more, and not everywhere in the place of the first.
 */
export function watchArchive({ beyond = false } = {}): ArchiveWatch {
  let list: ReturnType<typeof readList> = null;
  let pending: Buffer[] = [];
  let pendingBytes = 0;
  let tryAt = 0;
  let blocks: Blocks | null = null;
  const readSoFar = (): void => {
    const bytes = Buffer.concat(pending);
    pending = [bytes];
    list = readList(bytes);
    // Each attempt reads from the beginning: the next comes when there is twice as much.
    tryAt = pendingBytes * 2;
    if (list === null) return;
    if (list.head.format !== 'custom')
      throw wrong('the custom format', 'toc.dat, the list of a directory: it is restored as a whole');
    blocks = new Blocks(
      list.reader,
      new Set(list.head.entries.filter((one) => one.hasData).map(({ id }) => id)),
      beyond,
    );
    blocks.see(bytes.subarray(list.reader.at));
    pending = [];
  };
  return {
    see: (chunk) => {
      if (blocks) return blocks.see(chunk);
      pending.push(chunk);
      pendingBytes += chunk.length;
      if (pendingBytes >= tryAt) readSoFar();
    },
    head: () => list?.head ?? null,
    missing: () => {
      if (list === null && pendingBytes > 0) readSoFar();
      if (list === null || blocks === null)
        return `it ends after ${pendingBytes} bytes, within the list of what it holds`;
      return blocks.missing(list.head.entries);
    },
  };
}

/**
 * What a script of the user's own left: nothing is said of a format that is not known here, which its own
 * pg_restore may know.
 */
export function archiveOfAScript(): DumpWatch {
  const watch = watchArchive({ beyond: true });
  let bad: string | null = null;
  let isKnown = true;
  const unless = (look: () => string | null): void => {
    try {
      bad = look();
    } catch (error) {
      isKnown = watch.head() !== null;
      bad = isKnown ? messageOf(error) : null;
    }
  };
  return {
    see: (chunk) => {
      if (!isKnown || bad !== null) return;
      unless(() => {
        watch.see(Buffer.from(chunk));
        return null;
      });
    },
    missing: () => {
      if (isKnown && bad === null) unless(() => watch.missing());
      return bad;
    },
  };
}

/**
 * The blocks, each ended by a length of nought; one of large objects has several, and then a number of
 * nought.
 */
class Blocks {
  private readonly expected: Set<number>;
  private readonly intBytes: number;
  private readonly beyond: boolean;
  private skip = 0;
  private rest: Buffer = Buffer.alloc(0);
  private state: 'block' | 'length' | 'object' = 'block';
  private current: { kind: number; id: number } | null = null;

  constructor({ intBytes }: Reader, expected: Set<number>, beyond: boolean) {
    this.intBytes = intBytes;
    this.beyond = beyond;
    this.expected = expected;
  }

  see(chunk: Buffer): void {
    if (this.isOver()) return;
    const bytes = this.rest.length === 0 ? chunk : Buffer.concat([this.rest, chunk]);
    const reader = new Reader(bytes);
    reader.intBytes = this.intBytes;
    let done = 0;
    try {
      for (;;) {
        const some = Math.min(this.skip, bytes.length - reader.at);
        reader.at += some;
        this.skip -= some;
        done = reader.at;
        if (this.skip > 0) break;
        this.step(reader);
        done = reader.at;
        if (this.isOver()) return;
      }
    } catch (error) {
      if (!(error instanceof Short)) throw error;
    }
    this.rest = bytes.subarray(done);
  }

  private isOver(): boolean {
    const is = this.beyond && this.expected.size === 0 && this.state === 'block';
    if (is) this.rest = Buffer.alloc(0);
    return is;
  }

  private step(reader: Reader): void {
    if (this.state === 'block') {
      const kind = reader.byte();
      const id = reader.int();
      if (kind !== blockOf.rows && kind !== blockOf.largeObjects)
        throw wrong('a block of rows or of large objects', `a block of kind ${kind}`);
      if (!this.expected.has(id)) throw wrong('a block of an entry that has one', `a block of entry ${id}`);
      this.current = { kind, id };
      this.state = kind === blockOf.rows ? 'length' : 'object';
    } else if (this.state === 'object') {
      if (reader.int() === 0) this.end();
      else this.state = 'length';
    } else {
      const length = reader.int();
      if (length < 0) throw wrong('a length', String(length));
      this.skip = length;
      if (length > 0) return;
      if (this.current!.kind === blockOf.rows) this.end();
      else this.state = 'object';
    }
  }

  private end(): void {
    this.expected.delete(this.current!.id);
    this.current = null;
    this.state = 'block';
  }

  missing(entries: readonly Entry[]): string | null {
    const without = entries.filter(({ id }) => this.expected.has(id));
    if (without.length === 0 && this.state === 'block' && this.rest.length === 0) return null;
    const named = without.slice(0, 3).map(({ kind, schema, name }) => `${kind} ${schema}.${name}`);
    return `it ends within its blocks: ${without.length} of its entries have no whole one (${named.join(', ') || 'none'})`;
  }
}
