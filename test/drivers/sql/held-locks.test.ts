import { expect, test } from 'vitest';
import { locksThatStay, withoutHolders, type HeldLock } from '../../../drivers/sql/held-locks.ts';
import { createVirtualClock } from '../../support/virtual-clock.ts';

const lock = (what: string, held = '1', by = 'session 7'): HeldLock => ({ what, by, held });

/** What stays of the locks that one look after the other finds; the last look goes on for ever. */
async function stay(looks: HeldLock[][], before: string[] = []): Promise<{ said: string[]; tookMs: number }> {
  const clock = createVirtualClock();
  let looked = 0;
  return clock.during(async () => {
    const begunMs = clock.nowMs();
    const look = async (): Promise<HeldLock[]> => looks[Math.min(looked++, looks.length - 1)]!;
    const said = await locksThatStay(clock, look, before);
    return { said, tookMs: Math.round(clock.nowMs() - begunMs) };
  });
}

test('a lock that is held all the time is told with its holder, after ten seconds', async () => {
  expect(await stay([[lock('table app.t')]])).toEqual({
    said: ['table app.t, held by session 7 for 10 s and still: whoever writes there waits'],
    tookMs: 10_000,
  });
});

test('none is told where nothing is locked, where it ends, or where another transaction holds it each time', async () => {
  expect(await stay([[]])).toEqual({ said: [], tookMs: 0 });
  expect((await stay([[lock('table app.t')], []])).said).toEqual([]);
  expect((await stay([[lock('table app.t', '1')], [lock('table app.t', '2')]])).said).toEqual([]);
});

test('a lock that was held before the fault is no fault, and another one beside it is', async () => {
  const both = [lock('lock of the leader'), lock('table app.t')];
  expect((await stay([both], ['lock of the leader'])).said).toEqual([
    expect.stringMatching(/^table app\.t, /),
  ]);
});

test('one that several hold is told once', () => {
  expect(withoutHolders([lock('a', '1'), lock('a', '2'), lock('b')])).toEqual(['a', 'b']);
});
