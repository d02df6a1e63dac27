import { createRequire } from 'node:module';
import type * as JsonP3 from 'json-p3';

/** Loaded when a component of this kind is planned: every start of the command line would wait for it. */
const library = (): typeof JsonP3 => createRequire(import.meta.url)('json-p3') as typeof JsonP3;

const compiled = new Map<string, JsonP3.JSONPathQuery>();

function queryOf(path: string): JsonP3.JSONPathQuery {
  const known = compiled.get(path) ?? library().compile(path);
  compiled.set(path, known);
  return known;
}

/** In words, why it is no JSON path (RFC 9535); null when it is one. */
export function badPath(path: string): string | null {
  try {
    queryOf(path);
    return null;
  } catch {
    return 'a JSON path (RFC 9535) such as $.items[0].id';
  }
}

/**
 * Everything in the document that the path names. Throws the library's error (`JSONPathRecursionLimitError`)
 * for one that is nested deeper than it goes: that it names nothing is not known.
 */
export const everyAt = (document: unknown, path: string): unknown[] =>
  queryOf(path)
    .query(document as JsonP3.JSONValue)
    .values();

/** The same; nothing of such a document: a service may answer anything, and what is expected is not there. */
export function allAt(document: unknown, path: string): unknown[] {
  try {
    return everyAt(document, path);
  } catch {
    return [];
  }
}

/** The one value that the path names; undefined where it names none, or several. */
export function oneAt(document: unknown, path: string): unknown {
  const [first, ...more] = allAt(document, path);
  return more.length === 0 ? first : undefined;
}
