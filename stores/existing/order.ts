import type { Candidate, Candidates } from '../../core/existing.ts';

/** `shop-2026-11-28.sql.gz`, `dump_20261128-0312.sql`, `2026-11-28T03:12:45Z.rdb`. */
const stamp =
  /(?<!\d)(20\d\d)[-_.]?(0[1-9]|1[0-2])[-_.]?(0[1-9]|[12]\d|3[01])(?:[T_. -]*([01]\d|2[0-3])[-_.:h]?([0-5]\d)(?:[-_.:m]?([0-5]\d))?)?/;

/** The date in a file's name, as digits that sort; null where there is none. */
export function stampOf(name: string): string | null {
  const match = stamp.exec(name.slice(name.lastIndexOf('/') + 1));
  return match
    ? match
        .slice(1)
        .map((part) => part ?? '00')
        .join('')
    : null;
}

const unfinished = /^\.|~$|\.(?:part|partial|tmp|temp|crdownload|filepart|swp)$/i;
const beside =
  /(?:^|\/)(?:readme|license)[^/]*$|\.(?:md|txt|log|json|ya?ml|sh|sha\d*|sha\d+sum|md5|md5sum|sig|minisig|sum)$/i;

/** Why a file is not looked into, by its name; null where it is. */
function passedOverFor(name: string): string | null {
  const file = name.slice(name.lastIndexOf('/') + 1);
  if (unfinished.test(file)) return 'by its name it is hidden, or still being written';
  return beside.test(file) ? 'by its name it is no backup' : null;
}

/**
 * Which is looked at first. By the dates in their names where each has one; else by when their store says
 * that they were written. Neither says how old what is in them is. `named`: it is the one that was asked for.
 */
export function inOrder(all: readonly Candidate[], named: boolean): Candidates {
  if (named) return { found: [...all], order: 'it alone was named', passedOver: [] };
  const passedOver = all.flatMap(({ name, bytes }) => {
    const why = passedOverFor(name);
    return why === null ? [] : [{ name, bytes, why }];
  });
  const found = all.filter(({ name }) => passedOverFor(name) === null);
  const stamps = new Map(found.map((one) => [one, stampOf(one.name)]));
  const byName = found.every((one) => stamps.get(one) !== null);
  const keyOf = (one: Candidate): string => (byName ? stamps.get(one)! : (one.modified ?? ''));
  found.sort((a, b) => compare(keyOf(b), keyOf(a)) || compare(b.name, a.name));
  const order = byName
    ? 'newest by the dates in their names'
    : 'newest by when they were written, as their store says';
  return { found, order, passedOver };
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
