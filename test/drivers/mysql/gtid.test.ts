import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { gtidSet, parseGtid } from '../../../drivers/mysql/gtid.ts';

const a = '3e11fa47-71ca-11e1-9e33-c80aa9429562';
const b = 'b1870133-e551-11f1-aa24-0242ac190003';

test.each([
  ['', ''],
  [`${a}:5`, `${a}:5`],
  [`${b}:1-3,\n${a}:7-9:1-2`, `${a}:1-2:7-9,${b}:1-3`],
  [`${a}:1-3:4-6`, `${a}:1-6`],
  [`${a.toUpperCase()}:3-4,${a}:1-2`, `${a}:1-4`],
  [`${a}:1-2:blue:4-5:7`, `${a}:1-2,${a}:blue:4-5:7`],
])('%j is %j', (text, normal) => {
  expect(gtidSet(text).toString()).toBe(normal);
});

test.each(['nonsense', a, `${a}:`.slice(0, 20)])('%j is no GTID set', (text) => {
  expect(() => gtidSet(text)).toThrow(TypeError);
});

test('one identifier, and what is none', () => {
  expect(parseGtid(`${a}:12`)).toEqual({ source: a, number: 12 });
  expect(parseGtid(`${a}:blue:12`)).toEqual({ source: `${a}:blue`, number: 12 });
  expect(parseGtid(`${a}:1-2`)).toBeNull();
  expect(parseGtid('12')).toBeNull();
});

describe('sets behave as sets', () => {
  const numbers = fc.array(fc.integer({ min: 1, max: 60 }), { maxLength: 40 });
  const setOf = (list: number[]): ReturnType<typeof gtidSet> => {
    const set = gtidSet();
    for (const number of list) set.add(a, number);
    return set;
  };

  test('adding, asking, counting, and writing down and reading again', () => {
    fc.assert(
      fc.property(numbers, (list) => {
        const set = setOf(list);
        expect(set.count()).toBe(new Set(list).size);
        for (let n = 1; n <= 61; n += 1) expect(set.has(a, n)).toBe(list.includes(n));
        expect(gtidSet(set.toString()).toString()).toBe(set.toString());
      }),
    );
  });

  test('what is left without the other', () => {
    fc.assert(
      fc.property(numbers, numbers, (one, other) => {
        const left = setOf(one).without(setOf(other));
        expect(left.toString()).toBe(setOf(one.filter((n) => !other.includes(n))).toString());
        expect(left.isEmpty()).toBe(one.every((n) => other.includes(n)));
      }),
    );
  });
});
