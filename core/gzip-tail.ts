/** What follows the last member of a gzip file. */
export interface GzipTail {
  /** Of all that is given to the decompressor, in order. */
  see(chunk: Uint8Array): void;
  /** Whether more than padding follows what it used, of which `used` is the length in bytes. */
  isLeftOut(used: number): boolean;
}

/**
 * zlib takes zeros behind a member for padding, and leaves out all that comes after them without a word: a
 * file with a hole would be whole. Nothing but zeros is padding.
 */
export function gzipTail(): GzipTail {
  let seen = 0;
  let content = 0;
  return {
    see: (chunk) => {
      let end = chunk.length;
      while (end > 0 && chunk[end - 1] === 0) end -= 1;
      if (end > 0) content = seen + end;
      seen += chunk.length;
    },
    isLeftOut: (used) => content > used,
  };
}

/** As it is told of. */
export const leftOutText = 'after a member there are zeros and then more, which is not read';
