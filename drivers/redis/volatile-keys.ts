import { namesOf } from './key-names.ts';

const special = /[.*+?^${}()|[\]\\]/g;

/**
 * Whether a key matches one of the patterns: `*` stands for any text, `?` for one character, everything else
 * for itself.
 */
export function matcherOf(patterns: readonly string[]): (key: string) => boolean {
  const sources = patterns.map((pattern) =>
    pattern.replace(special, (found) => (found === '*' ? '.*' : found === '?' ? '.' : `\\${found}`)),
  );
  const expressions = sources.map((source) => new RegExp(`^${source}$`, 's'));
  return (key) => expressions.some((expression) => expression.test(key));
}

/** A key that is no text is meant by what reports show of it: `\xAC\xED*` or `*cache:*`. */
export function volatileOf(patterns: readonly string[]): (key: Buffer) => boolean {
  const matches = matcherOf(patterns);
  return patterns.length === 0 ? () => false : (key) => namesOf(key).some(matches);
}
