import { spawn } from 'node:child_process';
import { randomFill, scrypt } from 'node:crypto';
import { lookup } from 'node:dns/promises';
import { createReadStream, createWriteStream, mkdtempSync, rmSync, stat } from 'node:fs';
import { open, readdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { Worker } from 'node:worker_threads';
import { createZstdCompress, createZstdDecompress, zstdCompress } from 'node:zlib';
import { afterAll, describe, expect, test } from 'vitest';
import { sleepBy, type Clock } from '../../core/clock.ts';
import { drillInMemory, type MemoryDrill } from './memory-drill.ts';
import { createVirtualClock } from './virtual-clock.ts';
import { eventsIn } from './recorded.ts';

const folder = mkdtempSync(join(tmpdir(), 'muster-clock-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const bytes = Buffer.alloc(4 * 1024 * 1024, 'what takes a while ');
const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

/** What a drill in memory really does beside computing. Each takes longer than a turn of the event loop. */
const works: Record<string, () => Promise<unknown>> = {
  'a file written': () => writeFile(join(folder, 'written'), bytes, { flush: true }),
  'files asked for one after the other': async () => {
    for (let i = 0; i < 50; i += 1) await promisify(stat)(folder);
  },
  'a folder read, flushed and closed': async () => {
    await readdir('/usr/share', { recursive: true });
    await using handle = await open(folder, 'r');
    await handle.sync();
  },
  'a stream compressed, flushed and read back': async () => {
    const path = join(folder, 'compressed');
    await pipeline([bytes], createZstdCompress(), createWriteStream(path, { flush: true }));
    await pipeline(createReadStream(path), createZstdDecompress(), createWriteStream(`${path}.plain`));
  },
  'bytes compressed': () => promisify(zstdCompress)(bytes),
  'bytes drawn': () => promisify(randomFill)(Buffer.alloc(bytes.length)),
  'a key derived': () => promisify(scrypt)('secret', 'salt', 32),
  'a name resolved': () => lookup('localhost'),
  'turns taken between': async () => {
    for (let i = 0; i < 20; i += 1) await (i % 2 === 0 ? turn() : promisify(stat)(folder));
  },
};

/** Whether a moment of the clock came while the work was under way. */
async function passedDuring(clock: Clock, work: () => Promise<unknown>): Promise<boolean> {
  let passed = false;
  clock.after(1, () => void (passed = true));
  await work();
  return passed;
}

/** Known-bad: goes on with the next turn of the event loop, whatever is under way. */
const hasty = (): Clock => {
  const after: Clock['after'] = (_ms, act) => {
    const next = setImmediate(act);
    return () => clearImmediate(next);
  };
  return { nowMs: () => 0, utc: () => '', after, sleep: sleepBy(after) };
};

describe('time on a virtual clock', () => {
  test.each(Object.entries(works))('stands still for %s', async (_what, work) => {
    const clock = createVirtualClock();
    const before = clock.nowMs();
    expect(await clock.during(() => passedDuring(clock, work))).toBe(false);
    expect(clock.nowMs() - before).toBeLessThan(1);
  });
  test('would pass meanwhile on one that does not look', async () => {
    const passed: string[] = [];
    for (const [what, work] of Object.entries(works))
      if (await passedDuring(hasty(), work)) passed.push(what);
    expect(passed).not.toEqual([]);
  });
  test('goes to the next moment, in order, and no two looks give the same', async () => {
    const clock = createVirtualClock();
    const seen: [string, number][] = [];
    const begunMs = clock.nowMs();
    const see = (what: string) => (): void => void seen.push([what, Math.floor(clock.nowMs() - begunMs)]);
    await clock.during(async () => {
      clock.after(3_600_000, see('an hour'));
      clock.after(5, see('first of two'));
      clock.after(5, see('second of two'));
      clock.after(1_000, see('called off'))();
      await clock.sleep(2);
      see('slept')();
      clock.after(0, see('at once'));
      await clock.sleep(3_600_001);
    });
    expect(seen).toEqual([
      ['slept', 2],
      ['at once', 3],
      ['first of two', 5],
      ['second of two', 5],
      ['an hour', 3_600_000],
    ]);
    expect(clock.nowMs()).toBeLessThan(clock.nowMs());
  });
  test('ends a sleep whose signal is aborted, with its reason', async () => {
    const clock = createVirtualClock();
    const stop = new AbortController();
    clock.after(10, () => stop.abort(new Error('enough')));
    await expect(clock.during(() => clock.sleep(60_000, stop.signal))).rejects.toThrow('enough');
    await expect(clock.sleep(1, stop.signal)).rejects.toThrow('enough');
  });
  test.each<[string, () => unknown, RegExp]>([
    ['a timer of Node itself', () => setTimeout(() => undefined, 1), /a timer of Node itself/],
    ['a signal with a time limit', () => AbortSignal.timeout(1), /a timer of Node itself/],
    [
      'another process',
      () => new Promise((resolve) => void spawn('true').once('close', resolve)),
      /another process/,
    ],
    [
      'a server',
      () =>
        new Promise<void>((resolve) => {
          const server = createServer().listen(0, () => server.close(() => resolve()));
        }),
      /a server/,
    ],
  ])('is refused where work waits for %s', async (_what, work, says) => {
    const clock = createVirtualClock();
    await expect(clock.during(async () => void (await work()))).rejects.toThrow(says);
  });
});

/** Everything of the timeline that is not drawn anew for each drill. */
async function told(drill: MemoryDrill): Promise<string[]> {
  const { folder, result } = await drillInMemory(drill);
  const events = eventsIn(folder);
  return [result.verdict, ...events.map(({ atMs, type }) => `${atMs} ${type}`)];
}

describe('a drill in memory', { timeout: 120_000 }, () => {
  const drill: MemoryDrill = {
    scenario: {
      protect: '[store.snapshot, store.log]',
      recover: '[{ restore: store, from: a }, { replay: store.log, from: a }]',
    },
  };
  test('happens the same, to the microsecond, beside others and on a machine that is busy', async () => {
    const alone = await told(drill);
    expect(alone[0]).toBe('pass');
    const busy = Array.from({ length: 2 }, () => new Worker('for (;;);', { eval: true }));
    try {
      for (const again of await Promise.all([drill, drill].map(told))) expect(again).toEqual(alone);
    } finally {
      await Promise.all(busy.map((worker) => worker.terminate()));
    }
  });
});
