import type { z } from 'zod';

type RawIssue = z.core.$ZodRawIssue;

/** What a schema's types are called by somebody who writes a file. */
const types: Readonly<Record<string, string>> = {
  array: 'a list',
  tuple: 'a list',
  object: 'a mapping',
  record: 'a mapping',
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: '`true` or `false`',
  null: 'nothing',
  never: 'nothing',
};

const typeOf = (issue: Extract<RawIssue, { code: 'invalid_type' }>): string => {
  const { format } = (issue.inst?._zod.def ?? {}) as { format?: string };
  return types[format === 'safeint' ? 'int' : issue.expected] ?? issue.expected;
};

function atLeast({ origin, minimum, inclusive }: Extract<RawIssue, { code: 'too_small' }>): string {
  if (origin === 'array')
    return minimum === 1 ? 'a list with something in it' : `a list of at least ${minimum}`;
  if (origin === 'string')
    return minimum === 1 ? 'a text that is not empty' : `a text of at least ${minimum} characters`;
  return inclusive === false ? `more than ${minimum}` : `${minimum} or more`;
}

function atMost({ origin, maximum, inclusive }: Extract<RawIssue, { code: 'too_big' }>): string {
  if (origin === 'array') return `a list of at most ${maximum}`;
  if (origin === 'string') return `a text of at most ${maximum} characters`;
  return inclusive === false ? `less than ${maximum}` : `${maximum} or less`;
}

/**
 * Given with each parse of what somebody wrote: says what a schema does not say in words of its own, and
 * would say in those of its library. An unknown key's issue does not say which keys are known: they are noted
 * where the schema is still at hand.
 */
export const inPlainWords = (issue: RawIssue): string | undefined => {
  const shape = (issue.inst as unknown as { _zod?: { def?: { shape?: object } } } | undefined)?._zod?.def
    ?.shape;
  if (issue.code === 'unrecognized_keys' && shape) (issue as { known?: string[] }).known = Object.keys(shape);
  return expectedOf(issue);
};

/**
 * What a schema expects, in plain words, where it does not say so itself: `a list`, `2 or more`, `one of
 * copy, empty`. Undefined for an issue that is told in another way.
 */
function expectedOf(issue: RawIssue): string | undefined {
  switch (issue.code) {
    case 'invalid_type':
      return typeOf(issue);
    case 'too_small':
      return atLeast(issue);
    case 'too_big':
      return atMost(issue);
    case 'not_multiple_of':
      return `a multiple of ${issue.divisor}`;
    case 'invalid_value':
      return issue.values.length === 1
        ? `\`${String(issue.values[0])}\``
        : `one of ${issue.values.join(', ')}`;
    case 'invalid_format':
      return issue.pattern ? `a text of the form ${issue.pattern}` : `a text that is a ${issue.format}`;
    case 'invalid_key':
      return issue.issues[0]?.message;
    case 'invalid_union':
      return [...new Set(issue.errors.flatMap(([first]) => first?.message ?? []))].join(', or ') || undefined;
    default:
      return undefined;
  }
}
