import { describe, expect, test } from 'vitest';
import { slide, wouldFireAfterMs, type Outage, type Watched } from '../../measures/client-window.ts';

const perBucket = 10;
/** Buckets of 1 s with ten operations each; of those from `from` up to `to` so many are bad. */
function watched(seconds: number, bad: { from: number; to: number; of?: number }[], limit = 0.05): Watched {
  const badAt = (second: number): number =>
    bad.find(({ from, to }) => second >= from && second < to)?.of ??
    (bad.some(({ from, to }) => second >= from && second < to) ? perBucket : 0);
  const each = Array.from({ length: seconds }, (_, second) => second);
  return { bucketMs: 1_000, startMs: 0, limit, all: each.map(() => perBucket), bad: each.map(badAt) };
}
const faultMs = 100_000;
const minute = 60_000;

describe('a window of a minute over a drill that is longer', () => {
  test.each<[string, Watched, object]>([
    [
      'fires in the second in which the share is exceeded, and clears when the outage has left the window',
      watched(200, [{ from: 100, to: 110 }]),
      { firedMs: 104_000, clearedMs: 167_000, falseAlarmMs: null, observedMs: minute, clearedDerived: false },
    ],
    [
      'is quiet at exactly the limit',
      watched(200, [{ from: 100, to: 103 }]),
      { firedMs: null, clearedMs: null },
    ],
    [
      'a part of the operations counts as that part',
      watched(300, [{ from: 100, to: 200, of: 2 }], 0.1),
      { firedMs: 131_000 },
    ],
    [
      'never fires on less than its limit, however long',
      watched(300, [{ from: 100, to: 300, of: 1 }], 0.1),
      { firedMs: null },
    ],
    ['fires before the fault: a false alarm', watched(200, [{ from: 70, to: 80 }]), { falseAlarmMs: 74_000 }],
    [
      'clears beyond the observation: derived',
      watched(115, [{ from: 100, to: 110 }]),
      { firedMs: 104_000, clearedMs: 167_000, clearedDerived: true },
    ],
    [
      'does not clear where the end of the outage was not seen',
      watched(110, [{ from: 100, to: 110 }]),
      { firedMs: 104_000, clearedMs: null },
    ],
  ])('%s', (_name, one, firing) => expect(slide(one, minute, faultMs)).toMatchObject(firing));
});

test('what was not observed of the window stands as the healthy traffic of before, and it is said how much was', () => {
  expect(slide(watched(40, [{ from: 20, to: 30 }]), minute, 20_000)).toMatchObject({
    firedMs: 24_000,
    observedMs: 24_000,
  });
});

test('nothing is known where nothing was asked before the fault', () => {
  const late = watched(40, []);
  late.all = late.all.map((_, second) => (second < 20 ? 0 : perBucket));
  expect(slide(late, minute, 20_000)).toBeNull();
});

test('silence is no error rate: nothing bad was answered', () => {
  const silent = watched(200, []);
  silent.all = silent.all.map((count, second) => (second >= 100 && second < 180 ? 0 : count));
  expect(slide(silent, minute, faultMs)).toMatchObject({ firedMs: null });
});

describe('an outage that goes on as it was', () => {
  const seen = ({ all, bad }: Watched): Outage => ({
    allPerMs: (all[100]! + all[101]!) / 2_000,
    badPerMs: (bad[100]! + bad[101]!) / 2_000,
  });
  test.each<[string, Watched, number | null]>([
    ['everything fails: a twentieth of the minute', watched(110, [{ from: 100, to: 102 }]), 3_000],
    ['half fails: twice as long', watched(110, [{ from: 100, to: 102, of: 5 }]), 6_000],
    ['no more than the limit fails: never', watched(110, [{ from: 100, to: 102, of: 5 }], 0.5), null],
  ])('%s', (_name, one, afterMs) => {
    const after = wouldFireAfterMs(one, minute, faultMs, seen(one));
    if (afterMs === null) expect(after).toBeNull();
    else expect(after).toBeCloseTo(afterMs, 6);
  });

  test('fires when the sliding window does, had it lasted', () => {
    const short = watched(110, [{ from: 100, to: 102, of: 3 }]);
    const long = watched(200, [{ from: 100, to: 200, of: 3 }]);
    const derived = 100_000 + wouldFireAfterMs(short, minute, faultMs, seen(short))!;
    const { firedMs } = slide(long, minute, faultMs)!;
    expect(firedMs! - derived).toBeGreaterThanOrEqual(0);
    expect(firedMs! - derived).toBeLessThanOrEqual(1_000);
  });
});
