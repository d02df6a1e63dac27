import { MusterError, environmentError } from '../core/errors.ts';

/** The longest name that common file systems take, in bytes. */
const segmentBytesMax = 255;

/**
 * Refuses a path that could leave its folder or mean two things: empty, absolute, with `.`, `..` or empty
 * segments, with backslashes or control characters. Returns the path, so that it can be checked where it is
 * used. Raises a MusterError of the given trouble.
 */
export function checkPath(path: string, what: string, trouble: MusterError['trouble'] = 'internal'): string {
  const reason = refusal(path);
  if (reason === null) return path;
  throw new MusterError(trouble, `${what} is refused: ${reason}`, {
    found: JSON.stringify(path),
    expected: 'a relative path with `/` between names, without `.`, `..`, backslashes or control characters',
  });
}

function refusal(path: string): string | null {
  if (path === '') return 'it is empty';
  if (/[\\\p{Cc}]/u.test(path)) return 'it holds a backslash or a control character';
  for (const segment of path.split('/')) {
    if (segment === '') return 'it is absolute or has an empty name in it';
    if (segment === '.' || segment === '..') return 'it could leave its folder';
    if (Buffer.byteLength(segment) > segmentBytesMax)
      return `a name in it is longer than ${segmentBytesMax} bytes`;
  }
  return null;
}

/** The order of keys in every store: by UTF-16 code unit, the same on every machine whatever its locale. */
export const byKey = (a: { key: string }, b: { key: string }): number =>
  a.key < b.key ? -1 : a.key > b.key ? 1 : 0;

export const noSuchKey = (store: string, key: string, cause?: unknown): MusterError =>
  environmentError(`store ${store} has no ${key}`, {
    found: 'nothing under that key',
    expected: 'an object',
    cause,
  });
