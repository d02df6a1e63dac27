/**
 * Text with `{{name}}` in it. `{{name:raw}}` is put into a path as it is, `{{name:number}}` into JSON as a
 * number. `{{name mod 500}}` is what a division of a whole number leaves, `{{name times 7 mod 500}}` the same
 * of its product: one of 500 numbered accounts, say. Templates are filled in, never run.
 */
export type Values = Readonly<Record<string, string>>;

const placeholder = /\{\{\s*([A-Za-z][\w.-]*)(?:\s+times\s+(\d+))?(?:\s+mod\s+(\d+))?(?::(\w+))?\s*\}\}/;
const hole = new RegExp(placeholder, 'g');
const alone = new RegExp(`^${placeholder.source}$`);
const filters = ['raw', 'number'];
/** Beyond it a product of an id would be no exact number any more. */
const factorMost = 1_000_000;

type Path = (string | number)[];

/** A name that a template asks for, with where in the value it stands. */
export interface Asked {
  name: string;
  path: Path;
}

/** Every text in a value, its keys left out, with where it stands. */
function textsIn(value: unknown, path: Path): { text: string; path: Path }[] {
  if (typeof value === 'string') return [{ text: value, path }];
  if (Array.isArray(value)) return value.flatMap((one, i) => textsIn(one, [...path, i]));
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, one]) => textsIn(one, [...path, key]));
}

/** Every name that the templates in a value ask for. */
export const namesIn = (value: unknown, from: Path = []): Asked[] =>
  textsIn(value, from).flatMap(({ text, path }) =>
    [...text.matchAll(hole)].map(([, name]) => ({ name: name!, path })),
  );

/** Every template in a value that is written wrongly, and what is expected there. */
export const badTemplatesIn = (value: unknown, from: Path): { path: Path; expected: string }[] =>
  textsIn(value, from).flatMap(({ text, path }) => {
    const expected = badTemplate(text);
    return expected === null ? [] : [{ path, expected }];
  });

/** In words, what is wrong with how a template is written; null when nothing is. */
export function badTemplate(text: string): string | null {
  const rest = text.replaceAll(hole, '');
  if (rest.includes('{{') || rest.includes('}}'))
    return 'a template such as {{name}}, closed, and a name in it';
  for (const [, , times, mod, filter] of text.matchAll(hole)) {
    if (filter !== undefined && !filters.includes(filter)) return `{{name}}, {{name:raw}} or {{name:number}}`;
    if ([times, mod].some((one) => one !== undefined && !(Number(one) >= 1 && Number(one) <= factorMost)))
      return 'from 1 to 1000000 after `times` and `mod`';
  }
  return null;
}

/** A name without a value: the step that would capture it has not run, or what it captured is no number. */
export class NoValue extends Error {}

function given(values: Values, name: string, times?: string, mod?: string): string {
  const value = Object.hasOwn(values, name) ? values[name] : undefined;
  if (value === undefined) throw new NoValue(`{{${name}}} has no value`);
  if (times === undefined && mod === undefined) return value;
  const product = /^\d{1,10}$/.test(value) ? BigInt(value) * BigInt(times ?? 1) : null;
  if (product === null) throw new NoValue(`{{${name}}} is no whole number`);
  return String(mod === undefined ? product : product % BigInt(mod));
}

export const fillText = (text: string, values: Values): string =>
  text.replaceAll(hole, (_, name: string, times?: string, mod?: string) => given(values, name, times, mod));

/** What is put in is one segment, or one value of the query, unless it is `raw`. */
export const fillPath = (path: string, values: Values): string =>
  path.replaceAll(hole, (_, name: string, times?: string, mod?: string, filter?: string) => {
    const value = given(values, name, times, mod);
    return filter === 'raw' ? value : encodeURIComponent(value);
  });

/** A value of JSON with every text in it filled in. */
export function fillJson(value: unknown, values: Values): unknown {
  if (typeof value === 'string') {
    const text = fillText(value, values);
    return alone.exec(value)?.[4] === 'number' ? Number(text) : text;
  }
  if (Array.isArray(value)) return value.map((one) => fillJson(one, values));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, fillJson(one, values)]));
}
