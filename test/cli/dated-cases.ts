/** A dump that is good, or whose newest row is of a year ago, tested on that day. */
export interface Night {
  file: string;
  is: 'good' | 'old';
  day: number;
}
export interface DatedCase {
  name: string;
  nights: Night[];
  /** What `muster proven --within 8d` says on this day. */
  onDay: number;
  code: 0 | 1;
  /** The file that it names as proven. */
  names: string | null;
  /** The one that failed after that. */
  failed: string | null;
}

/** Night after night; null: no job ran. */
const nights = (all: readonly (Night['is'] | null)[]): Night[] =>
  all.flatMap((is, day) => (is === null ? [] : [{ file: `db-${'abcdefghijk'[day]!}.dump`, is, day }]));
const quietWeek = Array.from({ length: 7 }, () => null);

/** Each night's dump is a file of its own, and `muster restore-test --from` names the newest. */
export const dated: DatedCase[] = [
  {
    name: 'two nights passed, and the two after them failed',
    nights: nights(['good', 'good', 'old', 'old']),
    onDay: 3,
    ...{ code: 1, names: 'db-b.dump', failed: 'db-d.dump' },
  },
  {
    name: 'no night ever passed',
    nights: nights(['old', 'old']),
    onDay: 1,
    ...{ code: 1, names: null, failed: 'db-b.dump' },
  },
  {
    name: 'every night passed, the last one longer ago than it may be',
    nights: nights(['good', 'good']),
    onDay: 12,
    ...{ code: 1, names: 'db-b.dump', failed: null },
  },
  {
    name: 'every night passed, the first one longer ago than it may be',
    nights: nights(['good', 'good', ...quietWeek, 'good']),
    onDay: 10,
    ...{ code: 0, names: 'db-j.dump', failed: null },
  },
  {
    name: 'a night failed, and the next one passed',
    nights: nights(['good', 'old', 'good']),
    onDay: 2,
    ...{ code: 0, names: 'db-c.dump', failed: null },
  },
];
