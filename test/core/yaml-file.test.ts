import { describe, expect, test } from 'vitest';
import { parseSource } from '../../core/document.ts';
import { InputErrors, type MusterError } from '../../core/errors.ts';

function refused(text: string): MusterError[] {
  try {
    parseSource('file.yaml', text);
  } catch (error) {
    if (error instanceof InputErrors) return error.all;
    throw error;
  }
  throw new Error('it was read');
}

const many = Array.from({ length: 20 }, (_, i) => `a${i + 1}: &a${i + 1} [*a${i}, *a${i}, *a${i}]`).join(
  '\n',
);
const deepByAliases = Array.from(
  { length: 9 },
  (_, i) => `a${i + 1}: &a${i + 1} [[[[[[[[*a${i}]]]]]]]]`,
).join('\n');

describe('YAML that parses and is no value', () => {
  test.each([
    ['an alias of nothing', 'a: 1\nb: *x\n', 2, 4, /^\*x refers to nothing$/],
    ['an alias that stands before what it names', 'a: *x\nb: &x 1\n', 1, 4, /^\*x refers to nothing$/],
    ['a list that contains itself', 'a: 1\nb: &x [1, *x]\n', 2, 11, /^\*x refers to what it stands in$/],
    [
      'a mapping that contains itself, further in',
      'a: &x\n  b:\n    c: [*x]\n',
      3,
      9,
      /^\*x refers to what it stands in$/,
    ],
    ['a mapping that is merged into itself', 'a: &x\n  <<: *x\n', 2, 7, /^\*x refers to what it stands in$/],
    [
      'aliases of aliases that come to billions',
      `a0: &a0 [1, 2, 3]\n${many}\n`,
      10,
      15,
      /^with this the file comes to too many values$/,
    ],
    ['a merge key that merges a number', 'a:\n  <<: 5\n', 2, 7, /^<< merges nothing$/],
    ['a merge key that merges nothing', 'a:\n  <<:\n  b: 1\n', 2, 6, /^<< merges nothing$/],
    [
      'a merge key that merges a list of numbers',
      'a: &x { b: 1 }\nc:\n  <<: [*x, 1]\n',
      3,
      7,
      /^<< merges nothing$/,
    ],
    ['a merge key with an alias of nothing beside it', 'a: &x\n<<: *x\n', 2, 5, /^<< merges nothing$/],
    ['a merge key with an alias of what it holds', '<<: [{ k: &x 5 }, *x]\n', 1, 5, /^<< merges nothing$/],
    ['a merge key with an alias of a text', 'a: &x text\nc: { <<: *x }\n', 2, 10, /^<< merges nothing$/],
    ['a list as a name', 'a: 1\n? [b, c]\n: 2\n', 2, 3, /^a name is not a list or a mapping$/],
    [
      'more brackets than anybody means',
      `a: ${'['.repeat(70)}${']'.repeat(70)}\n`,
      1,
      67,
      /^this is nested too deeply$/,
    ],
    [
      'aliases that lie deep in one another',
      `a0: &a0 1\n${deepByAliases}\n`,
      9,
      17,
      /^this is nested too deeply$/,
    ],
  ])('%s', (_, text, line, column, message) => {
    const [first] = refused(text);
    expect(first).toMatchObject({ trouble: 'input', at: { file: 'file.yaml', line, column } });
    expect(first!.message).toMatch(message);
  });

  test('more brackets than the parser can take', () => {
    const errors = refused(`a: 1\nb: ${'['.repeat(20_000)}\n`);
    expect(errors).toMatchObject([{ message: 'this is nested too deeply', at: { line: 2 } }]);
  });

  test('each problem is told', () => {
    expect(refused('a: *x\nb: *y\n').map(({ at }) => at!.line)).toEqual([1, 2]);
  });
});

describe('YAML that is shared within a file', () => {
  test('by aliases and by merge keys', () => {
    const { data } = parseSource(
      'file.yaml',
      'a: &a { b: 1, c: 2 }\nd: *a\ne: { <<: *a, c: 3 }\nf: { <<: [*a, { g: 4 }] }\n',
    );
    expect(data).toEqual({
      a: { b: 1, c: 2 },
      d: { b: 1, c: 2 },
      e: { b: 1, c: 3 },
      f: { b: 1, c: 2, g: 4 },
    });
  });

  test('what was merged in stands where it is merged', () => {
    const source = parseSource('file.yaml', 'a: &a { b: 1 }\ne:\n  c: 1\n  <<: *a\n');
    expect(source.place(['e', 'b'])).toMatchObject({ line: 4, column: 3 });
    expect(source.place(['e', 'c'])).toMatchObject({ line: 3, column: 6 });
  });

  test('a hundred services with one anchor are not too many', () => {
    const services = Array.from({ length: 200 }, (_, i) => `  s${i}: { <<: *base, environment: *env }`).join(
      '\n',
    );
    const { data } = parseSource(
      'file.yaml',
      `env: &env { A: 1, B: 2 }\nbase: &base { image: x, restart: always }\nservices:\n${services}\n`,
    );
    expect(Object.keys((data as { services: object }).services)).toHaveLength(200);
  });

  test('a quoted << is a name', () => {
    expect(parseSource('file.yaml', '"<<": 5\n').data).toEqual({ '<<': 5 });
  });
});
