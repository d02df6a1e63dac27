import { readFileSync, statSync } from 'node:fs';

const textMaxBytes = 256 * 1024;

/** A file, and no folder, pipe, device or link to nothing; null for what cannot be told. */
export function fileAt(path: string): { bytes: number; mtimeMs: number } | null {
  try {
    const is = statSync(path);
    return is.isFile() ? { bytes: is.size, mtimeMs: is.mtimeMs } : null;
  } catch {
    return null;
  }
}

/** What a file of the user's says; null for what is none, cannot be read or is larger than a script is. */
export function textAt(path: string): string | null {
  const is = fileAt(path);
  if (is === null || is.bytes > textMaxBytes) return null;
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}
