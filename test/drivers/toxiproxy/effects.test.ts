import { describe, expect, test } from 'vitest';
import { effects, type Compared } from '../../../drivers/toxiproxy/effects.ts';
import type { Exchange } from '../../../drivers/toxiproxy/exchange.ts';

const came = (
  tookMs: number | null,
  receivedBytes = 100,
  ended: Exchange['ended'] = 'open',
  endedMs = tookMs ?? 600,
): Exchange => ({ sentBytes: 20, receivedBytes, tookMs, ended, endedMs });
const compared = (now: Exchange[], over: Partial<Compared> = {}): Compared => ({
  stream: 'downstream',
  talk: { greets: false, say: () => Buffer.alloc(20) },
  greetingBytes: 0,
  before: came(2),
  now,
  ...over,
});

describe('latency of 500 ms, 100 of them jitter', () => {
  const seen = (...now: Exchange[]): string | null =>
    effects.latency.seen({ latency: 500, jitter: 100 }, compared(now));
  test('is seen when every exchange takes at least 400', () =>
    expect(seen(came(400), came(460), came(599))).toContain('400 ms'));
  test('is not when one of them was quick: the others may have been chance', () =>
    expect(seen(came(500), came(399), came(500))).toBeNull());
  test('is not when nothing comes: slow is not dead', () =>
    expect(seen(came(500), came(null, 0), came(500))).toBeNull());
  test('cannot be seen where everything takes as long already', () =>
    expect(effects.latency.invisible({ latency: 50, jitter: 20 }, came(10), 'downstream')).toContain(
      '30 ms',
    ));
});

test('bandwidth and slices are judged by the bytes of their own direction', () => {
  const before: Exchange = { sentBytes: 10, receivedBytes: 1000, tookMs: 1, ended: 'open', endedMs: 1 };
  expect(effects.bandwidth.invisible({ rate: 2 }, before, 'downstream')).toBeNull();
  expect(effects.bandwidth.invisible({ rate: 2 }, before, 'upstream')).toContain('10 bytes');
  expect(effects.bandwidth.seen({ rate: 2 }, compared([came(449, 1000)], { before }))).toBeNull();
  expect(effects.bandwidth.seen({ rate: 2 }, compared([came(450, 1000)], { before }))).toContain(
    '1000 bytes',
  );
  expect(
    effects.slicer.seen(
      { average_size: 90, size_variation: 10, delay: 40_000 },
      compared([came(399, 1000)], { before }),
    ),
  ).toBeNull();
  expect(
    effects.slicer.seen(
      { average_size: 90, size_variation: 10, delay: 40_000 },
      compared([came(400, 1000)], { before }),
    ),
  ).toContain('400 ms');
});

describe('timeout', () => {
  const seen = (timeout: number, now: Exchange, over: Partial<Compared> = {}): string | null =>
    effects.timeout.seen({ timeout }, compared([now], over));
  test('is an open connection on which nothing comes', () =>
    expect(seen(0, came(null, 0))).toContain('nothing comes back'));
  test('is not one that is closed at once, as before a dead server', () =>
    expect(seen(1000, came(null, 0, 'closed', 5))).toBeNull());
  test('is one that is closed when its time is up', () =>
    expect(seen(300, came(null, 0, 'closed', 310))).not.toBeNull());
  test('is not one on which a byte comes', () => expect(seen(0, came(3, 1))).toBeNull());
  test('lets the greeting through when it is the client that is not heard', () => {
    const greets: Partial<Compared> = {
      talk: { greets: true, say: () => Buffer.alloc(5) },
      greetingBytes: 78,
    };
    expect(seen(0, came(null, 78), { ...greets, stream: 'upstream' })).not.toBeNull();
    expect(seen(0, came(null, 78), { ...greets, stream: 'downstream' })).toBeNull();
  });
});

describe('a limit of 16 bytes', () => {
  const seen = (now: Exchange, stream: 'upstream' | 'downstream' = 'downstream'): string | null =>
    effects.limit_data.seen({ bytes: 16 }, compared([now], { stream }));
  test('is a connection that ends within them', () =>
    expect(seen(came(null, 16, 'closed'))).toContain('16 of the 100'));
  test('is not one that ends beyond them, or stays', () => {
    expect(seen(came(null, 17, 'closed'))).toBeNull();
    expect(seen(came(null, 16, 'open'))).toBeNull();
    expect(seen(came(5, 100, 'closed'))).toBeNull();
  });
});
