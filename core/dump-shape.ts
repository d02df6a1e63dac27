/**
 * How a dump looks that a tool of a technology writes, so that half of one is told from a whole one. Both are
 * matched against bytes as Latin-1: of its first 512, and of its last 512.
 */
export interface DumpShape {
  /** In words: `a dump of pg_dump`. */
  about: string;
  begins: RegExp;
  ends: RegExp;
}

/** How many bytes of a dump's beginning and end are looked at. */
export const dumpEdgeBytes = 512;
