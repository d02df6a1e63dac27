import type { Readable } from 'node:stream';
import type { PlainFile } from '../../core/backup.ts';

/** A file that matches what a script was to leave. `state`: differs once it was written to. */
export interface Found {
  /** Below the folder that its pattern begins with. */
  name: string;
  path: string;
  bytes: number;
  state: string;
}

/** Where a script works and leaves what it makes: on this machine, or in a container. */
export interface Ground {
  /** A folder of the drill's own, as the script sees it; empty when it begins. */
  readonly folder: string;
  /** Files that match now, in order of their names. */
  list(): Promise<Found[]>;
  /** Calls `act` once, when the first byte of a new one is there. Resolves when that is over, or ended. */
  watch(act: () => Promise<void>): { end(): Promise<void> };
  read(file: Found): Readable;
  /** Puts a file into the folder, and gives its path as the script sees it. */
  put(file: PlainFile): Promise<string>;
  /** Removes the folder. */
  remove(): Promise<void>;
}

/** What a pattern says of names below a folder. The folder is a path, whatever characters are in it. */
export interface Pattern {
  base: string;
  below: string;
}

/** What is fixed of a pattern: of `dumps/*.gz` the folder `dumps`. */
export function fixedFolder(pattern: string): string {
  const parts = pattern.split('/').slice(0, -1);
  const wild = parts.findIndex((part) => /[*?[]/.test(part));
  return parts.slice(0, wild === -1 ? parts.length : wild).join('/') || (pattern.startsWith('/') ? '/' : '.');
}

/** Where each pattern looks, in a folder that the script was given or at a path of its own. */
export const patternsIn = (folder: string, patterns: readonly string[]): Pattern[] =>
  patterns.map((pattern) =>
    pattern.startsWith('/')
      ? { base: fixedFolder(pattern), below: nameIn(fixedFolder(pattern), pattern) }
      : { base: folder, below: pattern },
  );

const nameIn = (base: string, path: string): string => path.slice(base === '/' ? 1 : base.length + 1);

/** The name of a path below the folder of the pattern that it matched. */
export const nameOf = (path: string, { base }: Pattern): string => nameIn(base, path);

/** In order of their paths, each once, however many patterns it matches. */
export const inOrder = (found: readonly Found[]): Found[] =>
  [...new Map(found.map((one) => [one.path, one])).values()].sort((a, b) => (a.path < b.path ? -1 : 1));
