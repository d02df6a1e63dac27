import { StringDecoder } from 'node:string_decoder';
import { maskStream } from '../core/masking.ts';

/**
 * Of each stream the beginning and the end are kept, in characters: a command that does not stop talking must
 * fill nobody's memory.
 */
const headMax = 512 * 1024;
const tailMax = 512 * 1024;

export interface Kept {
  take(chunk: Uint8Array): void;
  text(): string;
}

/**
 * Keeps what a command said, secrets masked before anything is kept. Bytes that are no UTF-8 show as U+FFFD.
 */
export function keptOutput(secrets: Iterable<string>): Kept {
  const decoder = new StringDecoder('utf8');
  const mask = maskStream(secrets);
  let head = '';
  let tail = '';
  let left = 0;
  const add = (text: string): void => {
    const room = headMax - head.length;
    if (room > 0) head += text.slice(0, room);
    tail += text.slice(Math.max(0, room));
    if (tail.length <= 2 * tailMax) return;
    left += tail.length - tailMax;
    tail = tail.slice(-tailMax);
  };
  return {
    take: (chunk) => add(mask.take(decoder.write(Buffer.from(chunk)))),
    text: () => {
      add(mask.take(decoder.end()) + mask.end());
      const over = Math.max(0, tail.length - tailMax);
      return left + over === 0
        ? head + tail
        : `${head}\n… ${left + over} characters left out …\n${tail.slice(over)}`;
    },
  };
}

/** The last lines of a text that are not blank, as one line; empty when it says nothing. */
export const lastLines = (text: string, lines = 5, charactersMax = 600): string =>
  text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .slice(-lines)
    .join(' / ')
    .slice(-charactersMax);
