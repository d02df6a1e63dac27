import { expect, test } from 'vitest';
import type { Clock } from '../../core/clock.ts';
import { createPulse, type Pulse } from '../../engine/pulse.ts';

/** A pulse over a clock that the test moves. */
function pulseAt(): { pulse: Pulse; moveTo(ms: number): void } {
  let nowMs = 0;
  const clock: Clock = {
    nowMs: () => nowMs,
    utc: () => '',
    sleep: async () => undefined,
    after: () => () => undefined,
  };
  return { pulse: createPulse(clock, () => undefined), moveTo: (ms) => void (nowMs = ms) };
}

test('settled: right answers for long enough, and enough of them', () => {
  const { pulse, moveTo } = pulseAt();
  const seen = pulse.watch('tokens', true);
  for (let ms = 0; ms <= 2_000; ms += 100) {
    expect(pulse.settled(2_000, 20)).toBe(false);
    moveTo(ms);
    seen('right');
  }
  expect(pulse.settled(2_000, 20)).toBe(true);
  seen('failed');
  expect(pulse.settled(2_000, 20)).toBe(false);
  pulse.stop();
});

test('a service that has gone silent is not settled, however long ago its last failure was', () => {
  const { pulse, moveTo } = pulseAt();
  const seen = pulse.watch('tokens', true);
  for (let ms = 0; ms <= 1_700; ms += 50) {
    moveTo(ms);
    seen('right');
  }
  moveTo(10_000);
  expect(pulse.settled(2_000, 20)).toBe(false);
  seen('right');
  expect(pulse.settled(2_000, 20)).toBe(true);
  pulse.stop();
});

test('after the recovery a wrong read may be an allowed loss, a wrong answer to a journey may not', () => {
  for (const readBack of [true, false]) {
    const { pulse, moveTo } = pulseAt();
    const seen = pulse.watch('load', readBack);
    pulse.forgiveWrong();
    for (let ms = 0; ms <= 2_000; ms += 100) {
      moveTo(ms);
      seen(ms === 1_000 ? 'wrong' : 'right');
    }
    expect(pulse.settled(2_000, 20)).toBe(readBack);
    pulse.stop();
  }
});
