import { createHash } from 'node:crypto';
import { readdirSync, readlinkSync } from 'node:fs';
import { afterEach, describe, expect, test } from 'vitest';
import { compareKeys, countKeys, differencesInWords } from '../../drivers/redis/compare-keys.ts';
import { Groups } from '../../drivers/redis/read-keys.ts';
import { inParts, Spool, type Entry } from '../../drivers/redis/spool.ts';
import { matcherOf } from '../../drivers/redis/volatile-keys.ts';

const open: Spool[] = [];
const spool = (): Spool => {
  const one = new Spool();
  open.push(one);
  return one;
};
afterEach(() => {
  for (const each of open.splice(0)) each.close();
});

const entry = (id: number, expiry = -1): Entry => {
  const bytes = createHash('sha256').update(String(id)).digest();
  return {
    name: bytes.toString('latin1', 0, 12),
    value: bytes.toString('latin1', 12, 24),
    expiry,
    group: id % 7,
    flags: id % 3,
  };
};
const filled = (ids: readonly number[]): Spool => {
  const one = spool();
  for (const id of ids) one.add(entry(id));
  return one;
};
const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i);

/** The file that listed the others is closed by now. */
function linkOf(path: string): string[] {
  try {
    return [readlinkSync(path)];
  } catch {
    return [];
  }
}

describe('keys on disk', () => {
  test('every one comes back once, as it was put in, though some came twice and three times', () => {
    const ids = range(0, 20_000);
    const one = filled([...ids, ...range(0, 5_000), ...range(2_000, 3_000)]);
    const found = [...inParts(one, null)].flatMap(([entries]) => [...entries.values()]);
    expect(one.added).toBe(26_000);
    expect(found).toHaveLength(20_000);
    const byName = new Map(found.map((each) => [each.name, each]));
    for (const id of ids) expect(byName.get(entry(id).name)).toEqual(entry(id));
  });

  test('of a key that came twice, what was found last counts', () => {
    const one = filled([1]);
    one.add(entry(1, 99));
    expect([...inParts(one, null)].flatMap(([entries]) => [...entries.values()])).toEqual([entry(1, 99)]);
  });

  test('whatever there is in all, few are in memory at a time, and the same names of both together', () => {
    const atMost = 100;
    const [one, other] = [filled(range(0, 30_000)), filled(range(10_000, 50_000))];
    let [both, parts, most] = [0, 0, 0];
    for (const [here, there] of inParts(one, other, atMost)) {
      parts += 1;
      most = Math.max(most, here.size, there.size);
      for (const name of here.keys()) if (there.has(name)) both += 1;
    }
    expect(both).toBe(20_000);
    expect(parts).toBeGreaterThanOrEqual(40_000 / atMost);
    // As even as a digest is.
    expect(most).toBeLessThan(2 * atMost);
  });

  test('leaves no file behind that somebody would have to remove', () => {
    const one = filled(range(0, 100));
    const files = readdirSync('/proc/self/fd')
      .flatMap((file) => linkOf(`/proc/self/fd/${file}`))
      .filter((path) => path.includes('muster-spool-'));
    expect(files.length).toBeGreaterThan(0);
    expect(files.filter((path) => !path.endsWith(' (deleted)'))).toEqual([]);
    expect([...inParts(one, null)].reduce((sum, [entries]) => sum + entries.size, 0)).toBe(100);
  });
});

describe('groups of keys', () => {
  test('what differs is told in the order in which groups were met, whatever the digests', () => {
    for (let run = 0; run < 20; run += 1) {
      const groups = new Groups();
      const [before, after] = [spool(), spool()];
      for (const database of range(0, 8))
        before.add({
          ...entry(run * 100 + database),
          group: groups.numberOf(database, 'user', 'string'),
          flags: 0,
        });
      const words = differencesInWords(compareKeys(before, after, 0), countKeys(before).groups, groups);
      expect(words.map((each) => each.slice(0, 'database n'.length))).toEqual(
        range(0, 8).map((database) => `database ${database}`),
      );
      for (const each of open.splice(0)) each.close();
    }
  });

  test('beyond so many prefixes the others are taken together', () => {
    const groups = new Groups();
    const names = new Set(
      range(0, 10_000).map((n) => groups.nameOf(groups.numberOf(0, `user-${n}`, 'string'))),
    );
    expect(names.size).toBe(501);
    expect(names).toContain('database 0: (other prefixes) (string)');
    expect(groups.nameOf(groups.numberOf(0, 'user-1', 'string'))).toBe('database 0: user-1 (string)');
  });
});

describe('patterns of volatile keys', () => {
  test.for<[string, string, boolean]>([
    ['cache:*', 'cache:front', true],
    ['cache:*', 'cache:a\nb', true],
    ['cache:*', 'my cache:front', false],
    ['cache:?', 'cache:1', true],
    ['cache:?', 'cache:12', false],
    ['*', '', true],
    ['a.c', 'abc', false],
    ['a[1]', 'a[1]', true],
    ['a[1]', 'a1', false],
    ['*:lock', 'job:7:lock', true],
    ['(a|b)', 'a', false],
  ])('%j takes %j: %j', ([pattern, key, taken]) => {
    expect(matcherOf([pattern])(key)).toBe(taken);
    expect(matcherOf(['never', pattern])(key)).toBe(taken);
  });
  test('no pattern takes nothing', () => {
    expect(matcherOf([])('key')).toBe(false);
  });
});
