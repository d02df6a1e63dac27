import { describe, expect, test } from 'vitest';
import type { EventData } from '../../core/timeline.ts';
import { at, goodDrill } from '../../fixtures/timelines/good-drill.ts';
import { add, change, drop, judgeSketch, type Sketch } from './timeline-builder.ts';

describe('a schedule that Muster itself kept waiting', () => {
  const verdictOf = (spoil: (sketch: Sketch) => void): string => {
    const sketch = goodDrill();
    spoil(sketch);
    const { verdict, detail } = judgeSketch(sketch).findings.find(
      ({ id }) => id === 'schedule/redis.snapshot',
    )!;
    return `${verdict}: ${detail}`;
  };
  /** The newest point is a second older than the interval explains. */
  const late =
    (lateMs?: number) =>
    (sketch: Sketch): void => {
      for (const type of ['backup.begun', 'backup.durable'] as const)
        change(
          sketch,
          type,
          (event) => void (event.atMs -= 1_000),
          ({ point }) => point === 'p2',
        );
      change(
        sketch,
        'backup.durable',
        ({ data }) => void (data.consistentAtMs -= 1_000),
        ({ point }) => point === 'p2',
      );
      change(
        sketch,
        'backup.begun',
        ({ data }) => void Object.assign(data, { lateMs }),
        ({ point }) => point === 'p3',
      );
    };
  test('is not held against it, by as much as was measured', () => {
    expect(verdictOf(late())).toMatch(/^fail: .* not explained by .*, and 500 ms for the scheduler/);
    expect(verdictOf(late(600))).toMatch(/^fail: /);
    expect(verdictOf(late(1_000))).toMatch(/^pass: .* explained by .*, and 1\.0 s for the scheduler/);
  });
  test('also by a run that had not begun when it was stopped, as far as that was before the fault', () => {
    const stopped =
      (stopLateMs?: number) =>
      (sketch: Sketch): void => {
        late()(sketch);
        for (const type of ['backup.begun', 'backup.failed'] as const)
          drop(sketch, type, ({ point }) => point === 'p3');
        change(sketch, 'schedule.stopped', ({ data }) => void Object.assign(data, { lateMs: stopLateMs }));
      };
    expect(verdictOf(stopped())).toMatch(/^fail: .* not explained by .*, and 500 ms for the scheduler/);
    expect(verdictOf(stopped(1_040))).toMatch(/^pass: /);
    // 50 ms of it came after the fault.
    expect(verdictOf(stopped(960))).toMatch(/^fail: .*, and 910 ms for the scheduler/);
  });
  test('and by no more than one interval: a run that was left out still shows', () => {
    expect(
      verdictOf((sketch) => {
        drop(sketch, 'backup.begun', ({ point }) => point === 'p2');
        drop(sketch, 'backup.durable', ({ point }) => point === 'p2');
        change(
          sketch,
          'backup.begun',
          ({ data }) => void Object.assign(data, { lateMs: 0 }),
          ({ point }) => point === 'p3',
        );
      }),
    ).toMatch(/^fail: /);
  });
  test('and the backup that the fault met explains as much as it took, unless it hung', () => {
    const longer =
      (ends: boolean) =>
      (sketch: Sketch): void => {
        drop(sketch, 'backup.begun', ({ point }) => point === 'p1');
        drop(sketch, 'backup.durable', ({ point }) => point === 'p1');
        for (const type of ['backup.begun', 'backup.durable'] as const)
          change(
            sketch,
            type,
            (event) => void (event.atMs -= 5_000),
            ({ point }) => point === 'p2',
          );
        change(
          sketch,
          'backup.durable',
          ({ data }) => void (data.consistentAtMs -= 5_000),
          ({ point }) => point === 'p2',
        );
        change(
          sketch,
          'backup.begun',
          (event) => void (event.atMs -= 5_100),
          ({ point }) => point === 'p3',
        );
        if (!ends) return;
        const { backup, copies, position } = sketch.events.find((event) => event.type === 'backup.durable')!
          .data as EventData['backup.durable'];
        drop(sketch, 'backup.failed');
        add(sketch, at.fault + 40, 'backup.durable', {
          backup,
          point: 'p3',
          consistentAtMs: 14_950,
          digest: '1'.repeat(64),
          copies,
          payload: 'files',
          plainBytes: 4096,
          storedBytes: 1024,
          position,
        });
      };
    expect(verdictOf(longer(true))).toMatch(
      /^pass: 10\.0 s.* explained by 5\.0 s .* \+ 5\.2 s to become durable/,
    );
    expect(verdictOf(longer(false))).toMatch(/^fail: 10\.0 s/);
  });
});
