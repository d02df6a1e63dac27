import { Cookie } from 'tough-cookie';
import { allAt, oneAt } from './json-path.ts';
import type { Expectation, Found, FoundInItem, Match } from './match.ts';
import { rightStatus } from './status.ts';
import { fillText, type Values } from './template.ts';
import type { Answer } from './transport.ts';

const textOf = (value: unknown): string | undefined =>
  typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
    ? String(value)
    : undefined;

/** The first group of the pattern, or all that it matches; undefined where it matches nothing. */
function matched(text: string | undefined, pattern: string | undefined): string | undefined {
  if (pattern === undefined || text === undefined) return text;
  const match = new RegExp(pattern, 'u').exec(text);
  return match === null ? undefined : (match[1] ?? match[0]);
}

const headerOf = ({ headers }: Answer, name: string): string | undefined => {
  const value = headers[name.toLowerCase()];
  return Array.isArray(value) ? value.join(', ') : value;
};

function cookieOf({ headers }: Answer, name: string): string | undefined {
  const set = headers['set-cookie'];
  return (Array.isArray(set) ? set : set === undefined ? [] : [set])
    .map((line) => Cookie.parse(line))
    .findLast((cookie) => cookie?.key === name)?.value;
}

/** What stands there in a value of JSON; undefined where nothing does, or several things. */
export function foundIn(document: unknown, found: FoundInItem): string | undefined {
  if (typeof found === 'string') return textOf(oneAt(document, found));
  return matched(textOf(oneAt(document, found.json)), found.pattern);
}

/** The same in an answer. */
export function foundOf(answer: Answer, found: Found): string | undefined {
  if (typeof found === 'string' || 'json' in found)
    return answer.json === undefined ? undefined : foundIn(answer.json, found);
  if ('header' in found) return matched(headerOf(answer, found.header), found.pattern);
  return 'cookie' in found ? cookieOf(answer, found.cookie) : matched(answer.body, found.body);
}

/** `null` is what JSON has; a text is compared with numbers as they are written. */
function fits(value: unknown, match: Match, values: Values): boolean {
  if (match === null) return value === null;
  const text = textOf(value);
  if (text === undefined) return false;
  if (typeof match === 'object') return new RegExp(match.pattern, 'u').test(text);
  return text === (typeof match === 'string' ? fillText(match, values) : String(match));
}

/** In words that quote nothing of it, how an answer is not what is expected; null where it is. */
export function differs(
  answer: Answer,
  { status, headers, json, isJson, body, within }: Expectation,
  values: Values,
): string | null {
  if (!rightStatus(answer.status, status))
    return `answered ${answer.status}, expected ${status?.join(' or ') ?? '200 to 299'}`;
  for (const [name, match] of Object.entries(headers))
    if (!fits(headerOf(answer, name), match, values)) return `its header ${name} is not as expected`;
  if ((isJson || Object.keys(json).length > 0) && answer.json === undefined) return 'its body is no JSON';
  for (const [path, match] of Object.entries(json)) {
    const there = allAt(answer.json, path);
    if (there.length !== 1) return `${path} names ${there.length} values of its body`;
    if (!fits(there[0], match, values)) return `${path} of its body is not as expected`;
  }
  if (body !== undefined && !new RegExp(body, 'u').test(answer.body)) return 'its body does not match';
  return within && answer.tookMs > within.ms
    ? `answered after ${Math.round(answer.tookMs)} ms, expected within ${within.text}`
    : null;
}
