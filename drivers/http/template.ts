/**
 * Text with `{{name}}` in it. `{{name:raw}}` is put into a path as it is, `{{name:number}}` into JSON as a
 * number. Templates are filled in, never run.
 */
export type Values = Readonly<Record<string, string>>;

const hole = /\{\{\s*([A-Za-z][\w.-]*)(?::(\w+))?\s*\}\}/g;
const filters = ['raw', 'number'];

/** A name that a template asks for, with where in the value it stands. */
export interface Asked {
  name: string;
  path: (string | number)[];
}

/** Every name that the templates in a value ask for, its keys left out. */
export function namesIn(value: unknown, path: (string | number)[] = []): Asked[] {
  if (typeof value === 'string') return [...value.matchAll(hole)].map(([, name]) => ({ name: name!, path }));
  if (Array.isArray(value)) return value.flatMap((one, i) => namesIn(one, [...path, i]));
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, one]) => namesIn(one, [...path, key]));
}

/** In words, what is wrong with how a template is written; null when nothing is. */
export function badTemplate(text: string): string | null {
  const rest = text.replaceAll(hole, '');
  if (rest.includes('{{') || rest.includes('}}'))
    return 'a template such as {{name}}, closed, and a name in it';
  const odd = [...text.matchAll(hole)].find(
    ([, , filter]) => filter !== undefined && !filters.includes(filter),
  );
  return odd ? `{{name}}, {{name:raw}} or {{name:number}}` : null;
}

/** A name that has no value yet: the step that would capture it has not run. */
export class NoValue extends Error {}

function given(values: Values, name: string): string {
  const value = Object.hasOwn(values, name) ? values[name] : undefined;
  if (value === undefined) throw new NoValue(`{{${name}}} has no value`);
  return value;
}

export const fillText = (text: string, values: Values): string =>
  text.replaceAll(hole, (_, name: string) => given(values, name));

/** What is put in is one segment, or one value of the query, unless it is `raw`. */
export const fillPath = (path: string, values: Values): string =>
  path.replaceAll(hole, (_, name: string, filter?: string) => {
    const value = given(values, name);
    return filter === 'raw' ? value : encodeURIComponent(value);
  });

/** A value of JSON with every text in it filled in. */
export function fillJson(value: unknown, values: Values): unknown {
  if (typeof value === 'string') {
    const filled = fillText(value, values);
    return /^\{\{\s*[\w.-]+:number\s*\}\}$/.test(value) ? Number(filled) : filled;
  }
  if (Array.isArray(value)) return value.map((one) => fillJson(one, values));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, fillJson(one, values)]));
}
