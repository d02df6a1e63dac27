import { expect, test } from 'vitest';
import type { DataClass } from '../../core/analysis.ts';
import { kinds } from '../../core/ledger.ts';
import type { EventData } from '../../core/timeline.ts';
import { goodDrill, at, tokens } from '../../fixtures/timelines/good-drill.ts';
import { put } from '../../fixtures/timelines/known-bad.ts';
import { add, analyse, change, drop, operation, type Sketch } from './timeline-builder.ts';

/** One more id, written once and not there when it is read back. */
const loseOne = (sketch: Sketch, invokedMs: number): void =>
  void sketch.records.push(operation(tokens, kinds.write, 3_999_000, invokedMs, 'gone'));

const automatic = (sketch: Sketch): void => {
  put(sketch.scenario, 'recover', 'automatic');
  change(sketch, 'recovery.begun', ({ data }) => void (data.automatic = true));
  change(sketch, 'recovery.ended', (event) => void (event.atMs = at.recovery));
};

/**
 * Only a region was lost, of which nobody says that it is ready: clients had right answers for the last 2 s.
 */
const ofARegion = (sketch: Sketch): void => {
  automatic(sketch);
  change(sketch, 'fault.begun', (event) =>
    Object.assign(event.data, { target: 'west', on: 'region', components: ['redis'] }),
  );
  drop(sketch, 'ready');
};

/** What was broken stays away, and another one serves for it. */
const away = (sketch: Sketch): void => {
  automatic(sketch);
  put(sketch.scenario, 'staysAway', ['redis']);
  drop(sketch, 'ready');
};

/** What was broken came back, and another one that was broken stays away. */
const besideOneAway = (sketch: Sketch): void => {
  automatic(sketch);
  put(sketch.scenario, 'staysAway', ['mysql']);
  const { data } = sketch.events.find(({ type }) => type === 'fault.begun')!;
  add(sketch, 20_060, 'fault.begun', {
    ...(data as EventData['fault.begun']),
    id: 'fault-2',
    target: 'mysql',
  });
};

type Case = [name: string, alter: (sketch: Sketch) => void, writtenMs: number, found: DataClass];

test.each<Case>([
  ['into what the restore then replaces', () => {}, 22_500, 'lost'],
  ['across the end of the recovery', () => {}, 22_799.5, 'lost'],
  ['in the moment in which the recovery was over', () => {}, 22_800, 'lost-after-recovery'],
  [
    'after an attempt that failed, before the one that did not',
    (sketch) => {
      add(sketch, 20_700, 'recovery.begun', { automatic: false });
      add(sketch, 20_750, 'recovery.ended', { ok: false, error: 'digest' });
    },
    20_800,
    'lost',
  ],
  [
    'after a recovery that failed',
    (sketch) => change(sketch, 'recovery.ended', ({ data }) => void (data.ok = false)),
    24_000,
    'lost',
  ],
  ['after a recovery that never ended', (sketch) => drop(sketch, 'recovery.ended'), 24_000, 'lost'],
  ['by itself: before what was broken was ready', automatic, 22_850, 'lost'],
  ['by itself: after what was broken was ready', automatic, 22_950, 'lost-after-recovery'],
  [
    'by itself: after what was broken was ready, and before it was so once more',
    (sketch) => {
      automatic(sketch);
      add(sketch, 25_500, 'ready', { component: 'redis', again: 2 });
    },
    24_000,
    'lost-after-recovery',
  ],
  [
    'by itself: it never was ready',
    (sketch) => {
      automatic(sketch);
      drop(sketch, 'ready');
    },
    24_000,
    'lost',
  ],
  [
    'by itself: killed again after it was ready',
    (sketch) => {
      automatic(sketch);
      change(sketch, 'fault.witnessed', (event) => void (event.atMs = 24_500));
    },
    24_000,
    'lost',
  ],
  [
    'by itself, and it stays away: before right answers went on for as long as is asked',
    away,
    24_950,
    'lost',
  ],
  [
    'by itself, and it stays away: while right answers went on for as long as is asked',
    away,
    25_050,
    'lost-after-recovery',
  ],
  [
    'by itself, and it stays away: while right answers went on, and a slow load had few of them yet',
    (sketch) => {
      away(sketch);
      change(sketch, 'observation.ended', ({ data }) => void (data.calmSinceMs = 23_000));
    },
    24_000,
    'lost-after-recovery',
  ],
  [
    'by itself, and it stays away: before right answers began that went on',
    (sketch) => {
      away(sketch);
      change(sketch, 'observation.ended', ({ data }) => void (data.calmSinceMs = 23_000));
    },
    22_950,
    'lost',
  ],
  ['by itself, and another one stays away, when the first was ready', besideOneAway, 24_000, 'lost'],
  [
    'by itself, and another one stays away, while right answers went on',
    besideOneAway,
    25_050,
    'lost-after-recovery',
  ],
  ['by itself, a region: before right answers went on for as long as is asked', ofARegion, 24_950, 'lost'],
  [
    'by itself, a region: while right answers went on for as long as is asked',
    ofARegion,
    25_050,
    'lost-after-recovery',
  ],
  [
    'by itself, a region: right answers did not go on for so long',
    (sketch) => {
      ofARegion(sketch);
      change(sketch, 'observation.ended', ({ data }) => void (data.settled = false));
    },
    25_050,
    'lost',
  ],
])('lost, and acknowledged %s', (_name, alter, writtenMs, found) => {
  const sketch = goodDrill();
  alter(sketch);
  const before = analyse(sketch).loads[tokens]!.data!.classes;
  loseOne(sketch, writtenMs);
  const { classes } = analyse(sketch).loads[tokens]!.data!;
  expect(classes).toEqual({ ...before, [found]: before[found] + 1 });
});
