import { describe, expect, test } from 'vitest';
import { countedOf, isBehind, type Look } from '../../drivers/redis/became.ts';
import type { Kept, Key } from '../../drivers/redis/sampled.ts';

describe('what became of keys', () => {
  const key = (name: string, expiry = -1): Key => ({
    database: 0,
    name: Buffer.from(name),
    value: 'v',
    expiry,
  });
  const [lasting, due, later] = [key('lasting'), key('due', 1_000), key('later', 1_001)];
  const all = [lasting, due, later];
  const look = (there: Key[], atSource: Key[] | null, anew: Key[] = [], nowMs = 1_000): Look => {
    const how = (one: Key): [Key, Kept] => [one, anew.includes(one) ? 'rewritten' : 'as it was'];
    const source = atSource?.map((one): [Key, Kept] => [one, 'as it was']);
    return { there: new Map(there.map(how)), atSource: source ? new Map(source) : null, nowMs };
  };

  test('one whose time has come is not gone, whether it is there or not', () => {
    const none = look([], []);
    expect(countedOf(all, none, none)).toMatchObject({ sampled: 3, expired: 1, gone: 2, kept: 0 });
    const whole = look(all, all, [due]);
    expect(countedOf(all, whole, whole)).toEqual({
      sampled: 3,
      expired: 1,
      kept: 2,
      rewritten: 0,
      gone: 0,
      thereAtSource: 2,
      lacking: 0,
      other: 0,
    });
  });

  test('its time comes between two looks', () => {
    const first = look([lasting], all);
    expect(isBehind(first)).toBe(true);
    expect(countedOf(all, first, look([lasting], [lasting], [], 1_001))).toMatchObject({
      expired: 2,
      gone: 0,
      lacking: 0,
    });
  });

  test('lacking and other: only what both looks found', () => {
    const [lacks, whole] = [look([later], all), look(all, all)];
    expect(countedOf(all, lacks, whole)).toMatchObject({ lacking: 0, gone: 0 });
    expect(countedOf(all, lacks, look([lasting], all)), 'another one each time').toMatchObject({
      lacking: 0,
    });
    expect(countedOf(all, lacks, lacks)).toMatchObject({ lacking: 1, gone: 1 });
    const others = look(all, all, [later]);
    expect(countedOf(all, others, whole)).toMatchObject({ other: 0, kept: 2 });
    expect(countedOf(all, others, others)).toMatchObject({ other: 1, kept: 1 });
    expect([lacks, others, whole, look([lasting, later], all)].map(isBehind)).toEqual([
      true,
      true,
      false,
      false,
    ]);
  });

  test('of a source that cannot be asked, nothing is lacking', () => {
    const unasked = look([], null);
    expect(countedOf(all, unasked, unasked)).toMatchObject({ thereAtSource: null, lacking: 0, gone: 2 });
  });
});
