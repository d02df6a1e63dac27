import { isUtf8 } from 'node:buffer';

const longestPrefix = 64;
/** What only the name of a key that is no text has, or that of one which reads like it. */
const byteMark = '\\x';

const asBytes = (key: Buffer): string =>
  key
    .toString('latin1')
    .replaceAll('\\', '\\\\')
    .replace(
      /[^ -~]/g,
      (byte) => `${byteMark}${byte.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`,
    );

/**
 * A key as it is shown: text as it is; of what is not UTF-8 the ASCII as it is and each other byte as `\xAC`.
 * No two keys are shown alike: where a backslash could be taken for the beginning of such a byte, each is
 * doubled.
 */
export function shown(key: Buffer): string {
  if (!isUtf8(key)) return asBytes(key);
  const text = key.toString();
  return text.includes(byteMark) ? text.replaceAll('\\', '\\\\') : text;
}

/** What a pattern may be of: the key as it is shown, and its text where it is one. */
export const namesOf = (key: Buffer): string[] => {
  const name = shown(key);
  const text = isUtf8(key) ? key.toString() : name;
  return text === name ? [name] : [name, text];
};

/**
 * What stands before the first colon; keys without one are taken together, for they may be secrets
 * themselves. So are those in which a colon is a byte by chance, as in a packed UUID: what is no text must
 * end with a word to be a prefix.
 */
export function prefixOf(key: Buffer): string {
  const at = key.indexOf(':');
  const prefix = key.subarray(0, Math.max(0, at));
  if (at >= 0 && isUtf8(prefix)) return shown(prefix).slice(0, longestPrefix);
  return /[\w.-]{3,}$/.test(prefix.toString('latin1'))
    ? shown(prefix.subarray(-longestPrefix))
    : '(no prefix)';
}
