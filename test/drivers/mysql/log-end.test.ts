import { describe, expect, test } from 'vitest';
import type { Clock } from '../../../core/clock.ts';
import { logEnded, type LogEnd } from '../../../drivers/mysql/log-end.ts';
import { createVirtualClock } from '../../support/virtual-clock.ts';

const file = 'binlog.000007';

interface Source {
  /** How much comes of the log within a millisecond, and how much had come by the beginning. */
  bytesEachMs: number;
  had?: number;
  /** After so long nothing more comes. */
  untilMs?: number;
  /** How long it takes to answer, and from when on it does. Never: it is away. */
  answersInMs?: number;
  answersAfterMs?: number;
  written: number;
  overAfterMs?: number;
}
const connectMs = 1_000;

/** What is said of the end, and after how long. */
async function ended(source: Source): Promise<{ lacking: string | null; tookMs: number; asks: number }> {
  const clock = createVirtualClock();
  const begunMs = clock.nowMs();
  const since = (): number => clock.nowMs() - begunMs;
  const there = (): number =>
    (source.had ?? 0) + source.bytesEachMs * Math.min(Math.floor(since()), source.untilMs ?? Infinity);
  let asks = 0;
  const ask = async (its: Clock): Promise<LogEnd | null> => {
    asks += 1;
    const isAnswered = since() >= (source.answersAfterMs ?? 0) && source.answersInMs !== undefined;
    await its.sleep(isAnswered ? source.answersInMs! : connectMs);
    return isAnswered ? { file, bytes: source.written } : null;
  };
  const lacking = await clock.during(() =>
    logEnded({
      clock,
      ask: () => ask(clock),
      inLog: (of) => (of === file ? there() : 0),
      seen: there,
      over: () => since() >= (source.overAfterMs ?? Infinity),
    }),
  );
  return { lacking, tookMs: Math.round(since()), asks };
}

describe('the end of a log', () => {
  test('is waited for as long as more of it comes, however long that takes', async () => {
    const { lacking, tookMs } = await ended({ bytesEachMs: 1, answersInMs: 20, written: 40_000 });
    expect(lacking).toBeNull();
    expect(tookMs).toBeGreaterThanOrEqual(40_000);
  });

  test('is there at once where all of it is in the log', async () => {
    const { lacking, tookMs } = await ended({ bytesEachMs: 0, had: 5, answersInMs: 20, written: 5 });
    expect(lacking).toBeNull();
    expect(tookMs).toBeLessThan(50);
  });

  test('is lacking where nothing more comes for ten seconds, and that is said', async () => {
    const { lacking, tookMs } = await ended({
      bytesEachMs: 1,
      untilMs: 7_000,
      answersInMs: 20,
      written: 40_000,
    });
    expect(lacking).toMatch(
      /^of 40000 bytes of binlog\.000007 that the server had written, 7000 were in the log after 17\.\d s$/,
    );
    expect(tookMs).toBeGreaterThanOrEqual(17_000);
  });

  test('is lacking after a minute, whatever comes', async () => {
    const { lacking, tookMs } = await ended({ bytesEachMs: 1, answersInMs: 20, written: 400_000 });
    expect(lacking).toMatch(/^of 400000 bytes/);
    expect(tookMs).toBeLessThan(61_000);
  });

  test('is no matter where following has ended by itself', async () => {
    const { lacking, tookMs } = await ended({
      bytesEachMs: 0,
      answersInMs: 20,
      written: 5,
      overAfterMs: 3_000,
    });
    expect(lacking).toBeNull();
    expect(tookMs).toBeLessThan(3_100);
  });
});

describe('a server that does not answer in time', () => {
  test('and sends nothing is away: it is asked once, and nothing is waited for', async () => {
    const { lacking, tookMs, asks } = await ended({ bytesEachMs: 0, written: 5 });
    expect({ lacking, asks }).toEqual({ lacking: null, asks: 1 });
    expect(tookMs).toBeLessThan(1_100);
  });

  test('and goes on sending is asked again: the end of its log is waited for', async () => {
    const { lacking, asks } = await ended({
      bytesEachMs: 1,
      answersInMs: 20,
      answersAfterMs: 2_500,
      written: 6_000,
    });
    expect({ lacking, asks }).toEqual({ lacking: null, asks: 4 });
  });

  test('and sends for ever is not asked for ever, and what it has may be lacking', async () => {
    const { lacking, asks } = await ended({ bytesEachMs: 1, written: 5 });
    expect(asks).toBe(10);
    expect(lacking).toMatch(
      /^for 10\.?\d* s the server went on sending, and did not say what it had written$/,
    );
  });
});
