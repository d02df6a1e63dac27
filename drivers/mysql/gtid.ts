/** Intervals are inclusive, sorted and disjoint. */
interface Interval {
  from: number;
  to: number;
}

/** A set of global transaction identifiers, as MySQL writes it: `uuid:1-5:7,uuid:tag:1-3`. */
export interface GtidSet {
  has(source: string, number: number): boolean;
  add(source: string, from: number, to?: number): void;
  addAll(other: GtidSet): void;
  /** What this set has and the other has not. */
  without(other: GtidSet): GtidSet;
  isEmpty(): boolean;
  count(): number;
  sources(): ReadonlyMap<string, readonly Interval[]>;
  toString(): string;
}

/** One identifier: `uuid:7`, or `uuid:tag:7`. Null when the text is something else. */
export function parseGtid(text: string): { source: string; number: number } | null {
  const match = /^([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}(?::[a-z_][a-z0-9_]{0,31})?):(\d+)$/i.exec(
    text.trim(),
  );
  return match ? { source: match[1]!.toLowerCase(), number: Number(match[2]) } : null;
}

/**
 * Reads the server's notation; white space and line breaks are allowed. Throws a TypeError for anything else.
 */
export function gtidSet(text = ''): GtidSet {
  const set = emptyGtidSet();
  for (const part of text
    .split(',')
    .map((piece) => piece.trim().toLowerCase())
    .filter((piece) => piece !== '')) {
    const [uuid, ...rest] = part.split(':').map((piece) => piece.trim());
    if (!/^[0-9a-f-]{36}$/.test(uuid!) || rest.length === 0) throw new TypeError(`not a GTID set: ${part}`);
    let source = uuid!;
    for (const piece of rest) {
      const interval = /^(\d+)(?:-(\d+))?$/.exec(piece);
      if (interval) set.add(source, Number(interval[1]), Number(interval[2] ?? interval[1]));
      else source = `${uuid}:${piece}`;
    }
  }
  return set;
}

export function emptyGtidSet(): GtidSet {
  const sources = new Map<string, Interval[]>();
  const set: GtidSet = {
    has: (source, number) =>
      (sources.get(source) ?? []).some((interval) => interval.from <= number && number <= interval.to),
    add: (source, from, to = from) => {
      const intervals = sources.get(source) ?? [];
      sources.set(source, merged(intervals, { from, to }));
    },
    addAll: (other) => {
      for (const [source, intervals] of other.sources())
        for (const { from, to } of intervals) set.add(source, from, to);
    },
    without: (other) => {
      const left = emptyGtidSet();
      for (const [source, intervals] of sources) {
        for (const piece of remaining(intervals, other.sources().get(source) ?? []))
          left.add(source, piece.from, piece.to);
      }
      return left;
    },
    isEmpty: () => sources.size === 0,
    count: () => [...sources.values()].flat().reduce((sum, { from, to }) => sum + to - from + 1, 0),
    sources: () => sources,
    toString: () =>
      [...sources]
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([source, intervals]) => `${source}:${intervals.map(intervalText).join(':')}`)
        .join(','),
  };
  return set;
}

const intervalText = ({ from, to }: Interval): string => (from === to ? String(from) : `${from}-${to}`);

/** Identifiers come in order nearly always, so the common case extends the last interval in place. */
function merged(intervals: Interval[], added: Interval): Interval[] {
  const last = intervals.at(-1);
  if (last && added.from === last.to + 1) {
    last.to = added.to;
    return intervals;
  }
  const out: Interval[] = [];
  for (const interval of [...intervals, { ...added }].sort((a, b) => a.from - b.from)) {
    const before = out.at(-1);
    if (before && interval.from <= before.to + 1) before.to = Math.max(before.to, interval.to);
    else out.push(interval);
  }
  return out;
}

function remaining(intervals: readonly Interval[], taken: readonly Interval[]): Interval[] {
  let left = intervals.map((interval) => ({ ...interval }));
  for (const { from, to } of taken) {
    left = left.flatMap((piece) => {
      if (to < piece.from || piece.to < from) return [piece];
      return [
        { from: piece.from, to: from - 1 },
        { from: to + 1, to: piece.to },
      ].filter((part) => part.from <= part.to);
    });
  }
  return left;
}
