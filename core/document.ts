import { closest, distance } from 'fastest-levenshtein';
import { isMap, isScalar, type Document, type Node } from 'yaml';
import type { z } from 'zod';
import { inputError, InputErrors, type MusterError, type Place } from './errors.ts';
import { inPlainWords } from './expected.ts';
import { readYaml } from './yaml-file.ts';
import { isMerge } from './yaml-tree.ts';

type Path = readonly (string | number)[];
type Issue = z.core.$ZodIssue;

/** A YAML file that still knows where everything stands. */
export interface Source {
  file: string;
  data: unknown;
  place(path: Path, onKey?: boolean): Place;
}

/** Parses YAML as readYaml does. Throws InputErrors with file, line and column. */
export function parseSource(file: string, text: string): Source {
  const { document, data, at } = readYaml(file, text);
  return { file, data, place: (path, onKey = false) => at(offsetOf(document, path, onKey)) };
}

/**
 * Offset of the deepest node of the path that exists; of its key when asked. What was merged in stands where
 * it is merged.
 */
function offsetOf(document: Document, path: Path, onKey: boolean): number {
  let offset = document.contents?.range?.[0] ?? 0;
  let node: unknown = document.contents;
  for (const [depth, step] of path.entries()) {
    if (isMap(node)) {
      const pair =
        node.items.find(({ key }) => String(isScalar(key) ? key.value : key) === String(step)) ??
        node.items.find(isMerge);
      if (!pair) return offset;
      const key = pair.key as Node;
      const value = pair.value as Node | null;
      const last = depth === path.length - 1;
      offset = (last && onKey) || !value?.range ? (key.range?.[0] ?? offset) : value.range[0];
      if (isMerge(pair)) return key.range?.[0] ?? offset;
      node = value;
    } else {
      const next = (node as { items?: Node[] } | null)?.items?.[Number(step)];
      if (next?.range) offset = next.range[0];
      node = next;
    }
  }
  return offset;
}

/** The nearest of the names, if it is near enough to be meant. */
export function nearest(found: string, names: readonly string[]): string | null {
  if (names.length === 0) return null;
  const best = closest(found, [...names]);
  return distance(found, best) <= Math.max(2, Math.ceil(found.length / 2)) ? best : null;
}

/** An error about a name that should be one of those known. */
export function unknownName(
  source: Source,
  path: Path,
  what: string,
  found: string,
  names: readonly string[],
  onKey = false,
): MusterError {
  const near = nearest(found, names);
  return inputError(`unknown ${what} "${found}"`, {
    at: source.place(path, onKey),
    found,
    expected: names.length > 0 ? `one of ${names.join(', ')}` : `a ${what}; there is none here`,
    hint: near ? `did you mean "${near}"?` : undefined,
  });
}

const valueAt = (data: unknown, path: Path): unknown =>
  path.reduce<unknown>((at, step) => (at as Record<string, unknown> | undefined)?.[step as string], data);

function describe(value: unknown): string {
  if (value === undefined) return 'nothing';
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}

/** The keys that the object schema which raised the issue knows. */
const keysKnown = (issue: Issue): string[] => (issue as Issue & { known?: string[] }).known ?? [];

/** Of a union's branches, the one that was meant: the one that does not already fail at its root. */
function meantBranch(issue: Extract<Issue, { code: 'invalid_union' }>): Issue[] | null {
  return (
    issue.errors.find(
      (branch) =>
        branch.length > 0 &&
        branch.every(
          (one) => one.path.length > 0 || one.code === 'unrecognized_keys' || one.code === 'custom',
        ),
    ) ?? null
  );
}

function toErrors(source: Source, issue: Issue): MusterError[] {
  const path = issue.path as Path;
  const branch = issue.code === 'invalid_union' ? meantBranch(issue) : null;
  if (branch)
    return branch.flatMap((one) => toErrors(source, { ...one, path: [...path, ...one.path] } as Issue));
  const found = valueAt(source.data, path);
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => unknownName(source, [...path, key], 'key', key, keysKnown(issue), true));
  }
  if (issue.code === 'custom' && issue.params?.['onKey']) {
    const params = issue.params as { found: string; among: string[] };
    const near = nearest(params.found, params.among);
    return [
      inputError(issue.message, {
        at: source.place(path, true),
        found: params.found,
        expected: `one of ${params.among.join(', ')}`,
        hint: near ? `did you mean "${near}"?` : undefined,
      }),
    ];
  }
  if (issue.code === 'invalid_value' && typeof found === 'string')
    return [unknownName(source, path, 'value', found, issue.values.map(String))];
  const name = String(path.at(-1));
  if (issue.code === 'invalid_key') {
    return [
      inputError(`"${path.join('.')}" is no name that fits here`, {
        at: source.place(path, true),
        found: name,
        expected: issue.message,
      }),
    ];
  }
  if (found === undefined && path.length > 0) {
    return [
      inputError(`"${name}" is missing`, { at: source.place(path.slice(0, -1)), expected: issue.message }),
    ];
  }
  const what = path.length > 0 ? `"${path.join('.')}"` : 'the file';
  return [
    inputError(`${what} is not what is expected here`, {
      at: source.place(path),
      found: describe(found),
      expected: issue.message,
    }),
  ];
}

/**
 * Parses a source by a schema. `absent` stands for what is left out altogether.
 * Throws InputErrors with one error per problem, each with its place.
 */
export function parseAs<T>(source: Source, schema: z.ZodType<T>, under: Path = [], absent?: unknown): T {
  const result = schema.safeParse(valueAt(source.data, under) ?? absent, { error: inPlainWords });
  if (result.success) return result.data;
  throw new InputErrors(
    result.error.issues.flatMap((issue) =>
      toErrors(source, { ...issue, path: [...under, ...issue.path] } as Issue),
    ),
  );
}
