import { expect, test } from 'vitest';
import type { Clock } from '../../core/clock.ts';
import { createClientWatch, type ClientWatch } from '../../engine/client-watch.ts';

/** A clientWatch over a clock that the test moves. */
function watchAt(): { clientWatch: ClientWatch; moveTo(ms: number): void } {
  let nowMs = 0;
  const clock: Clock = {
    nowMs: () => nowMs,
    utc: () => '',
    sleep: async () => undefined,
    after: () => () => undefined,
  };
  return { clientWatch: createClientWatch(clock, () => undefined), moveTo: (ms) => void (nowMs = ms) };
}

test('settled: right answers for long enough, and enough of them', () => {
  const { clientWatch, moveTo } = watchAt();
  const seen = clientWatch.watch('tokens', true);
  for (let ms = 0; ms <= 2_000; ms += 100) {
    expect(clientWatch.settled(2_000, 20)).toBe(false);
    moveTo(ms);
    seen('right');
  }
  expect(clientWatch.settled(2_000, 20)).toBe(true);
  seen('failed');
  expect(clientWatch.settled(2_000, 20)).toBe(false);
  clientWatch.stop();
});

test('a service that has gone silent is not settled, however long ago its last failure was', () => {
  const { clientWatch, moveTo } = watchAt();
  const seen = clientWatch.watch('tokens', true);
  for (let ms = 0; ms <= 1_700; ms += 50) {
    moveTo(ms);
    seen('right');
  }
  moveTo(10_000);
  expect(clientWatch.settled(2_000, 20)).toBe(false);
  seen('right');
  expect(clientWatch.settled(2_000, 20)).toBe(true);
  clientWatch.stop();
});

test('after the recovery a wrong read may be an allowed loss, a wrong answer to a journey may not', () => {
  for (const readBack of [true, false]) {
    const { clientWatch, moveTo } = watchAt();
    const seen = clientWatch.watch('load', readBack);
    clientWatch.forgiveWrong();
    for (let ms = 0; ms <= 2_000; ms += 100) {
      moveTo(ms);
      seen(ms === 1_000 ? 'wrong' : 'right');
    }
    expect(clientWatch.settled(2_000, 20)).toBe(readBack);
    clientWatch.stop();
  }
});
