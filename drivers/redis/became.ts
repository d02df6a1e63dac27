import type { Kept, Key } from './sampled.ts';

/**
 * `there`: of the keys that were held. `atSource` is asked after the replica, so that what expires in between
 * is no difference; null where it cannot be asked, or is followed no more. `nowMs`: by the replica's own
 * clock, once it had been asked.
 */
export interface Look {
  there: ReadonlyMap<Key, Kept>;
  atSource: ReadonlyMap<Key, Kept> | null;
  nowMs: number;
}

/** How many of the keys that were held are what now. All but `expired` is of those whose time is to come. */
export interface Counted {
  sampled: number;
  expired: number;
  kept: number;
  rewritten: number;
  gone: number;
  thereAtSource: number | null;
  lacking: number;
  other: number;
}

/** Keys that the source has and the replica has not. */
const lackingOf = ({ there, atSource }: Look): Key[] =>
  [...(atSource?.keys() ?? [])].filter((key) => !there.has(key));

/** Keys that the source has as they were before the fault, and the replica has not. */
const othersOf = ({ there, atSource }: Look): Key[] =>
  [...(atSource ?? [])].flatMap(([key, how]) =>
    how === 'as it was' && there.get(key) === 'rewritten' ? [key] : [],
  );

/** The time of a key with which it was held may have come: it is gone by right, or written anew. */
const isDue = ({ expiry }: Key, { nowMs }: Look): boolean => expiry !== -1 && expiry <= nowMs;

/** Whether the replica seems to lack what its source has: it may have been in between two answers. */
export const isBehind = (look: Look): boolean =>
  [...lackingOf(look), ...othersOf(look)].some((key) => !isDue(key, look));

/**
 * By the last look. What an application removes, or turns to and fro, may be another between two answers:
 * not twice, so that only what the first look found as well is lacking, or other.
 */
export function countedOf(keys: readonly Key[], first: Look, last: Look): Counted {
  const { there, atSource } = last;
  const due = new Set(keys.filter((key) => isDue(key, last)));
  const counted = (some: Iterable<Key>): number => [...some].filter((key) => !due.has(key)).length;
  const inBoth = (of: (look: Look) => Key[]): number => {
    const before = new Set(of(first));
    return counted(of(last).filter((key) => before.has(key)));
  };
  const present = counted(there.keys());
  const kept = counted([...there].flatMap(([key, how]) => (how === 'as it was' ? [key] : [])));
  return {
    sampled: keys.length,
    expired: due.size,
    kept,
    rewritten: present - kept,
    gone: keys.length - due.size - present,
    thereAtSource: atSource && counted(atSource.keys()),
    lacking: inBoth(lackingOf),
    other: inBoth(othersOf),
  };
}
