import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { StringDecoder } from 'node:string_decoder';
import { environmentError, messageOf } from '../core/errors.ts';
import { maskStream } from '../core/masking.ts';
import type { OutputRecord } from '../core/timeline.ts';

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

/** The last lines of a text, as one line; empty when it says nothing. */
export const lastLines = (text: string, lines = 5, charactersMax = 600): string =>
  text
    .trimEnd()
    .split('\n')
    .slice(-lines)
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .join(' / ')
    .slice(-charactersMax);

/**
 * Writes one stream's text into the drill's folder and says what is there now, for the timeline. Environment
 * error when it cannot be written.
 */
export function writeOutput(
  folder: string,
  number: number,
  stream: 'stdout' | 'stderr',
  text: string,
): OutputRecord {
  const file = `command-${number}.${stream}.txt`;
  const bytes = Buffer.from(text);
  try {
    writeFileSync(join(folder, file), bytes, { mode: 0o600 });
  } catch (error) {
    throw environmentError('what a command said cannot be kept', {
      found: messageOf(error),
      expected: `a folder that can be written, with room: ${folder}`,
      cause: error,
    });
  }
  return { file, bytes: bytes.length, sha256: sha256Of(bytes) };
}

const sha256Of = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
