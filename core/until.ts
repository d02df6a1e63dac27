import { z } from 'zod';
import { inputError } from './errors.ts';
import { inPlainWords } from './expected.ts';
import { jsonSchemaOf, pickByKey } from './pick.ts';

/**
 * Where a log can be stopped at beside its end, by the name that `until:` gives it: declared by the backup
 * method that replays the log, in the terms of its own system.
 */
export type Stops = Readonly<Record<string, z.ZodType>>;

/** `until:` as it is written: the end of the log, or one stop with what it is given. */
export type Until = 'latest' | Readonly<Record<string, unknown>>;

/** `until:` of a log with these stops, once it was read. */
export type UntilOf<Known extends Stops> =
  | 'latest'
  | { [Name in keyof Known]: { [Only in Name]: z.output<Known[Name]> } }[keyof Known];

const theEnd = z.literal('latest');
const expected = (names: readonly string[]): string =>
  names.length === 0
    ? '`latest`: it can be stopped nowhere else'
    : `\`latest\`, or one of ${names.join(', ')}`;
const shapesOf = (stops: Stops): Record<string, z.ZodType> =>
  Object.fromEntries(Object.entries(stops).map(([name, stop]) => [name, z.strictObject({ [name]: stop })]));

const oneOf = <Known extends Stops>(stops: Known) =>
  pickByKey('place to stop at', shapesOf(stops)) as unknown as z.ZodType<UntilOf<Known>>;

/** Reads `until:` of a log that can be stopped at these. */
export const untilSchema = <Known extends Stops>(stops: Known): z.ZodType<UntilOf<Known>> =>
  z.union([theEnd, oneOf(stops)], { error: expected(Object.keys(stops)) });

/**
 * `until:` in a scenario, where it is not known yet which log is meant: as it is written. Editors are told of
 * the stops of every method.
 */
export const untilAsWritten = (known: readonly Stops[]) =>
  z.union(
    [
      theEnd,
      z.record(z.string(), z.unknown()).meta({
        // Made when somebody asks for a JSON Schema: whoever reads a file does not.
        get anyOf() {
          const all = known.flatMap((stops) => Object.values(shapesOf(stops)).map(jsonSchemaOf));
          return [...new Map(all.map((one) => [JSON.stringify(one), one])).values()];
        },
      }),
    ],
    { error: expected([...new Set(known.flatMap((stops) => Object.keys(stops)))]) },
  );

/** What a driver is asked to stop at, by its own schemas. Input error for what they do not take. */
export function readUntil<Known extends Stops>(stops: Known, until: Until): UntilOf<Known> {
  if (until === 'latest') return until;
  const read = oneOf(stops).safeParse(until, { error: inPlainWords });
  if (read.success) return read.data;
  throw inputError('the log cannot be stopped there', {
    found: JSON.stringify(until),
    expected: read.error.issues.map(({ path, message }) => [...path, message].join(': ')).join('; '),
  });
}
