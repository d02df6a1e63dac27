import { describe, expect, test } from 'vitest';
import { untilFrozen } from '../../stack/freeze.ts';
import { createVirtualClock } from '../support/virtual-clock.ts';

const busy = new Error(
  '(HTTP code 500) server error - Cannot pause container 5b91: OCI runtime pause failed: unable to freeze: unknown',
);

/** An engine that cannot freeze the container so many times. */
function engine(times: number, error = busy): { pause(): Promise<void>; asked: number } {
  const one = {
    asked: 0,
    pause: async (): Promise<void> => {
      one.asked += 1;
      if (one.asked <= times) throw error;
    },
  };
  return one;
}

describe('a process that waits for the disk cannot be frozen yet', () => {
  test('the engine is asked again until it could', async () => {
    const one = engine(20);
    await untilFrozen(createVirtualClock(), one.pause);
    expect(one.asked).toBe(21);
  });

  test('for half a minute, and what it says then is said', async () => {
    const clock = createVirtualClock();
    const begunMs = clock.nowMs();
    await expect(untilFrozen(clock, engine(Infinity).pause)).rejects.toBe(busy);
    expect(clock.nowMs() - begunMs).toBeGreaterThanOrEqual(30_000);
    expect(clock.nowMs() - begunMs).toBeLessThan(31_000);
  });

  test('whatever else it says is said at once', async () => {
    const gone = new Error('(HTTP code 409) conflict - Container 5b91 is not running');
    const one = engine(Infinity, gone);
    await expect(untilFrozen(createVirtualClock(), one.pause)).rejects.toBe(gone);
    expect(one.asked).toBe(1);
  });
});
