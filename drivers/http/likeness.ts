import { isDeepStrictEqual } from 'node:util';
import type { Request } from './request-shape.ts';
import type { Answer } from './transport.ts';

/** What the configuration leaves open: nothing of what such an answer says is expected of it. */
export const saysNothing = ({ expect: { status, headers, json, isJson, body }, head }: Request): boolean =>
  head === undefined &&
  !isJson &&
  (status ?? [200]).every((one) => one >= 200 && one <= 299) &&
  Object.keys(headers).length + Object.keys(json).length === 0 &&
  body === undefined;

const titleIn = (text: string): string | null =>
  /<title[^>]*>([^<]*)<\/title>/i.exec(text)?.[1]?.trim() ?? null;

const kindOf = (json: unknown): string => (Array.isArray(json) ? 'list' : typeof json);
const namesOf = (json: unknown): string[] => (isObject(json) ? Object.keys(json) : []);

const names = 'other names in its JSON';

const errorNames = ['error', 'errors', 'error_description', 'exception', 'message', 'stack', 'trace'];
const statusNames = ['status', 'success', 'ok'];
const isObject = (json: unknown): json is Record<string, unknown> =>
  kindOf(json) === 'object' && json !== null;

/** Names by which answers of 200 say what went wrong, where they say anything. */
const errorsIn = (json: unknown): string[] =>
  isObject(json) ? errorNames.filter((name) => Boolean(json[name])) : [];
/** What it says of how it went, by name: words, numbers and truth only. */
const statusIn = (json: unknown): unknown[] =>
  isObject(json)
    ? statusNames.map((name) => (typeof json[name] === 'object' ? 'a value' : (json[name] ?? null)))
    : [];

/** By what a page, a document and an error in the place of either are told apart. */
export type Traits = Readonly<Record<string, unknown>>;
export function traitsOf({ headers, body, json }: Answer): Traits {
  const type = headers['content-type'];
  return {
    'another media type': (Array.isArray(type) ? type[0] : type)?.split(';')[0]?.trim().toLowerCase() ?? null,
    'another kind of JSON': kindOf(json),
    [names]: namesOf(json),
    'an error in its JSON': errorsIn(json),
    'another status in its JSON': statusIn(json),
    'another title': json === undefined ? titleIn(body) : null,
    'a body where none was, or none where one was': body.trim() === '',
  };
}

/** One of the names is enough: others may be ids of what is there. */
const shared = (was: unknown, is: unknown): boolean =>
  (was as string[]).length === 0 || (was as string[]).some((name) => (is as string[]).includes(name));

/** Of two answers what they have in common: what changes by itself tells nothing. */
export const common = (a: Traits, b: Traits): Traits =>
  Object.fromEntries(Object.entries(a).filter(([what, of]) => isDeepStrictEqual(of, b[what])));

/** In words, how an answer is not like those before; null where it is. */
export function unlike(answer: Answer, before: Traits): string | null {
  const now = traitsOf(answer);
  const what = Object.keys(before).find((one) =>
    one === names ? !shared(before[one], now[one]) : !isDeepStrictEqual(before[one], now[one]),
  );
  return what === undefined ? null : `it has ${what}, and the configuration does not say what it must be`;
}
