/**
 * How a dump looks that a tool of a technology writes, so that half of one is told from a whole one. Both are
 * matched against bytes as Latin-1: of its first 512, and of its last 512.
 */
export interface DumpShape {
  /** In words: `a dump of pg_dump`. */
  about: string;
  begins: RegExp;
  /** What is read of one that has no mark at its end: all of it. */
  ends: RegExp | (() => DumpWatch);
  /**
   * What is another in each dump of the same data, such as when it was made: in its first bytes and in its
   * last. Global expressions. Left out where nothing is.
   */
  varies?: { first?: RegExp; last?: RegExp };
}

/** Looks at a dump as it goes by, from its first byte on. */
export interface DumpWatch {
  see(chunk: Uint8Array): void;
  /** In words, what shows that it is not whole: `it ends within its blocks`. Null where nothing shows. */
  missing(): string | null;
}

/** How many bytes of a dump's beginning and end are looked at. */
export const dumpEdgeBytes = 512;
