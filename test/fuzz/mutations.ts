import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import fc from 'fast-check';

/** How often as many inputs as usual: `npm run test:all` asks for a million in all. */
const times = Number(process.env['MUSTER_FUZZ_TIMES'] ?? 1);

/**
 * For fast-check: how many inputs a property is held against. `most`: where each costs a process or a file,
 * no more than so many times the usual.
 */
export const runs = (usual: number, most = Infinity): { numRuns: number } => ({
  numRuns: usual * Math.min(times, most),
});
/** For the test around it, in milliseconds. */
export const timeLimit = 300_000 * times;

/** Where inputs are kept that a property did not hold for: not in the folder that goes with the tests. */
export const keptIn = resolve(import.meta.dirname, '../../.fuzz');

/**
 * The property, which writes each input that it does not hold for into a file before anything else becomes of
 * it: smaller ones take minutes to find, and a run that is ended meanwhile would report nothing. The last and
 * smallest stays; the error names the file.
 */
export const keeping =
  <Input extends unknown[]>(name: string, property: (...input: Input) => Promise<void>, where = keptIn) =>
  async (...input: Input): Promise<void> => {
    try {
      await property(...input);
    } catch (error) {
      mkdirSync(where, { recursive: true });
      const file = join(where, `${name}-${process.pid}.json`);
      writeFileSync(file, JSON.stringify({ error: String(error), input }, null, 2));
      throw new Error(`${String(error)} (the input is kept in ${file})`, { cause: error });
    }
  };

/** What a person or a machine may put where something else belongs. */
const values = [
  '',
  '~',
  'null',
  'true',
  '0',
  '-1',
  '1.5',
  '.inf',
  '.nan',
  '1e400',
  '99999999999999999999',
  '0x1F',
  '""',
  "''",
  '"\\0"',
  'x'.repeat(300),
  '{}',
  '[]',
  '[[]]',
  '{ a: 1 }',
  '{ ? [a] : b }',
  '[1, "two", ~]',
  '{ toString: 1, valueOf: 2 }',
  '[{ toString: 1 }]',
  '[',
  '{',
  ']',
  '}',
  '"',
  "'",
  '|',
  '>',
  '%',
  '@',
  '`',
  '? ',
  '- ',
  ': ',
  'constructor',
  '__proto__',
  'toString',
  'hasOwnProperty',
  '{ __proto__: { a: 1 } }',
  '{ constructor: 1 }',
  'store.constructor',
  'constructor.prototype',
  '[constructor, __proto__, toString]',
  '*nothing',
  '*a',
  '&a',
  '&a [*a]',
  '&a { b: *a }',
  '&a { <<: *a }',
  '{ <<: 5 }',
  '{ <<: ~ }',
  '{ <<: [1] }',
  '{ <<: *nothing }',
  '{ <<: { a: 1 }, b: 2 }',
  '{ "<<": 1 }',
  '[*a, *a, *a]',
  '&b [*a, *a]',
  '!!binary aGFsbG8=',
  '!!set { a, b }',
  '!!omap [a: 1]',
  '!!timestamp 2026-01-01',
  '!reset []',
  '!!map x',
  '!!str {}',
  '!<x> y',
  '!!merge <<',
  '2026-11-21T01:00:00Z',
  '5m',
  '1h30m',
  '0s',
  '1e9s',
  '999999999999999999999999h',
  '500/s',
  '0/s',
  '99.9%',
  '+5s',
  'worst',
  'restore.halfway',
  'automatic',
  '0-99999999999:0-99999999999',
  '65535-1:1',
  '${X:-${Y}}',
  '${',
  'a:b:c:d',
];
const keys = [
  '<<',
  'x',
  '__proto__',
  'constructor',
  'toString',
  '? [a]',
  '? {}',
  '~',
  '""',
  '*a',
  '&a b',
  '1',
  'at',
  'strategy',
  'service',
  'config',
  'external',
  'driver_opts',
  '"\\u0000"',
  '- ',
  '  ',
];

/** One slip: which kind, where (a share of the file), and with what. */
export interface Mutation {
  kind:
    | 'value'
    | 'key'
    | 'drop'
    | 'twice'
    | 'dropBlock'
    | 'indent'
    | 'insert'
    | 'anchor'
    | 'swap'
    | 'bytes'
    | 'cut'
    | 'nest';
  at: number;
  other: number;
  value: string;
  key: string;
  byte: number;
}

export const mutation: fc.Arbitrary<Mutation> = fc.record({
  kind: fc.constantFrom(
    'value',
    'value',
    'value',
    'key',
    'drop',
    'twice',
    'dropBlock',
    'indent',
    'insert',
    'anchor',
    'swap',
    'bytes',
    'cut',
    'nest',
  ),
  at: fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }),
  other: fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }),
  value: fc.oneof(
    { weight: 9, arbitrary: fc.constantFrom(...values) },
    fc.string({ maxLength: 12, unit: 'binary' }),
  ),
  key: fc.constantFrom(...keys),
  byte: fc.nat(255),
});

const indentOf = (line: string): number => line.length - line.trimStart().length;

export function mutated(text: string, { kind, at, other, value, key, byte }: Mutation): string {
  if (kind === 'bytes' || kind === 'cut') {
    const bytes = Buffer.from(text);
    const place = Math.floor(at * bytes.length);
    if (kind === 'cut') return bytes.subarray(0, place).toString();
    if (place < bytes.length) bytes[place] = byte;
    return bytes.toString();
  }
  const lines = text.split('\n');
  const place = Math.floor(at * lines.length);
  const line = lines[place]!;
  const elsewhere = Math.floor(other * lines.length);
  const tokens = [...line.matchAll(/[\w./+%-]+/g)];
  const token = tokens[Math.floor(other * tokens.length)];
  const replaced = (by: string): string =>
    token ? line.slice(0, token.index) + by + line.slice(token.index + token[0].length) : line + by;
  const block = (): number =>
    lines.findIndex((one, i) => i > place && one.trim() !== '' && indentOf(one) <= indentOf(line));
  switch (kind) {
    case 'value':
      lines[place] = byte % 2 ? line.replace(/:( .*)?$/, () => `: ${value}`) : replaced(value);
      break;
    case 'key':
      lines[place] =
        byte % 2 ? line.replace(/^(\s*)[^:]*/, (_, indent: string) => indent + key) : replaced(key);
      break;
    case 'drop':
      lines.splice(place, 1);
      break;
    case 'twice':
      lines.splice(elsewhere, 0, line);
      break;
    case 'dropBlock':
      lines.splice(place, Math.max(1, (block() === -1 ? lines.length : block()) - place));
      break;
    case 'indent':
      lines[place] = ' '.repeat(byte % 7) + line.trimStart();
      break;
    case 'insert':
      lines.splice(place, 0, `${' '.repeat(indentOf(line))}${key}: ${value}`);
      break;
    case 'anchor':
      lines[place] = line.replace(/: ?/, () => ': &a ');
      lines[elsewhere] = lines[elsewhere]!.replace(/:( .*)?$/, () => ': *a');
      break;
    case 'swap':
      [lines[place], lines[elsewhere]] = [lines[elsewhere]!, line];
      break;
    case 'nest':
      lines[place] = line.replace(/:( .*)?$/, () => `: ${'['.repeat(byte * 20)}`);
      break;
  }
  return lines.join('\n');
}
