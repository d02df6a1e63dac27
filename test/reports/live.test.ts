import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Progress } from '../../core/progress.ts';
import { createLiveView } from '../../reports/live.ts';
import { Screen } from './screen.ts';
import { client, stoppedClock } from './stopped-clock.ts';
import type { LiveView } from '../../reports/live/view.ts';

const hidden = '\u001b[?25l';
const back = '\u001b[?25h';

const clock = stoppedClock();
const work = (done: number, total: number | null = 100): Progress => ({
  kind: 'work',
  what: 'restore redis',
  done,
  total,
  unit: 'events',
});

test('a terminal that says it is 0 columns wide has lines, as a pipe has: nothing fits into a redrawn part', () => {
  const screen = new Screen(true, 0);
  const view = createLiveView({ stream: screen, color: true, width: 80, isTTY: true, clock });
  view.update({ kind: 'phase', phase: 'up' });
  clock.at.nowMs = 1_000;
  view.stop();
  expect(screen.text).toBe('02:00:00Z up\n02:00:01Z up: took 1.0 s\n');
});

describe('in a pipe', () => {
  let screen: Screen;
  let view: LiveView;
  const lines = (): string[] => screen.text.split('\n').slice(0, -1);
  beforeEach(() => {
    screen = new Screen(false);
    view = createLiveView({ stream: screen, color: false, width: 80, isTTY: false, clock });
  });

  test('each phase is two lines with their time, nothing is redrawn', () => {
    view.update({ kind: 'drill', scenario: 'redis-crash', index: 0, of: 2 });
    view.update({ kind: 'phase', phase: 'up' });
    clock.at.nowMs = 14_200;
    view.update({ kind: 'phase', phase: 'recover', title: 'restore redis' });
    clock.at.nowMs = 20_000;
    view.stop();
    view.stop();
    expect(lines()).toEqual([
      '02:00:00Z drill 1 of 2: redis-crash',
      '02:00:00Z up',
      '02:00:14Z up: took 14.2 s',
      '02:00:14Z recover: restore redis',
      '02:00:20Z recover: took 5.8 s',
    ]);
    expect(screen.text).not.toContain('\u001b');
  });

  test('the client is told every five seconds, and at once when its luck turns', () => {
    for (clock.at.nowMs = 0; clock.at.nowMs < 12_000; clock.at.nowMs += 500)
      view.update(client(clock.at.nowMs >= 1_500 && clock.at.nowMs < 4_000 ? 700 : 0));
    expect(lines()).toEqual([
      '02:00:00Z client: 2 000/s right',
      '02:00:01Z client: FAILING  700/s failed, 2 000/s right',
      '02:00:04Z client: 2 000/s right',
      '02:00:09Z client: 2 000/s right',
    ]);
  });

  test('a failure between two lines is not lost, and one that comes and goes does not fill the log', () => {
    for (clock.at.nowMs = 0; clock.at.nowMs < 5_000; clock.at.nowMs += 250)
      view.update(client(clock.at.nowMs % 500 === 250 ? 700 : 0));
    expect(lines()).toEqual([
      '02:00:00Z client: 2 000/s right',
      '02:00:01Z client: FAILING  700/s failed, 2 000/s right',
    ]);
  });

  test('work is told when it begins, now and then, and once when it is done', () => {
    for (let done = 0; done <= 100; done += 1, clock.at.nowMs += 250) view.update(work(done));
    view.update(work(100));
    expect(lines().map((line) => line.slice(10))).toEqual([
      'restore redis: 0 of 100 events (0 %)',
      'restore redis: 40 of 100 events (40 %)',
      'restore redis: 80 of 100 events (80 %)',
      'restore redis: 100 of 100 events (100 %)',
    ]);
  });

  test('escape sequences of a tool do not reach the log', () => {
    view.update({ kind: 'line', text: '\u001b[2Jcleared\rover\nnext' });
    expect(lines()).toEqual(['02:00:00Z \\x1b[2Jcleared\\x0dover', '02:00:00Z next']);
  });
});

describe('on a terminal', () => {
  let screen: Screen;
  let view: LiveView;
  const esc = '\u001b';
  const sequences = new RegExp(`${esc}\\[[\\d;?]*[a-zA-Z]`, 'g');
  const bare = (text: string): string => text.replace(sequences, '');
  beforeEach(() => {
    screen = new Screen(true, 80);
    view = createLiveView({ stream: screen, color: true, width: 80, isTTY: true, clock });
  });
  afterEach(() => view.stop());

  test('the running phase shows its time as it passes, without news', () => {
    view.update({ kind: 'phase', phase: 'recover', title: 'restore redis' });
    screen.text = '';
    clock.at.nowMs = 12_400;
    vi.advanceTimersByTime(100);
    expect(bare(screen.text)).toMatch(/recover\s+12\.4 s {2}restore redis/);
  });

  test('work has a bar where its size is known, and a count where it is not', () => {
    view.update({ kind: 'phase', phase: 'recover' });
    view.update(work(50));
    expect(bare(screen.text)).toContain('██████████──────────  50 %  restore redis  50 of 100 events');
    screen.text = '';
    view.update(work(812, null));
    expect(bare(screen.text)).toContain('restore redis  812 events');
    expect(bare(screen.text)).not.toContain('%');
  });

  test('a failing client is told by word, and gone when nothing is heard of it', () => {
    view.update({ kind: 'phase', phase: 'detect' });
    view.update(client(1_980, 0));
    expect(bare(screen.text)).toContain('client  █  FAILING  1 980/s failed, 0/s right');
    clock.at.nowMs = 10_000;
    screen.text = '';
    vi.advanceTimersByTime(100);
    expect(screen.text).not.toContain('client');
  });

  test('a phase that is over stays with its time and without a tick', () => {
    view.update({ kind: 'phase', phase: 'up' });
    clock.at.nowMs = 1_900;
    view.update({ kind: 'phase', phase: 'seed' });
    expect(bare(screen.text)).toMatch(/· up\s+1\.9 s\n/);
    expect(screen.text).not.toContain('✓');
  });

  test('the cursor is hidden while it moves and back after a pause, and each time again', () => {
    view.update({ kind: 'phase', phase: 'up' });
    expect(screen.text.lastIndexOf(hidden)).toBeGreaterThan(screen.text.lastIndexOf(back));
    view.pause();
    expect(screen.text.lastIndexOf(back)).toBeGreaterThan(screen.text.lastIndexOf(hidden));
    const length = screen.text.length;
    vi.advanceTimersByTime(1_000);
    expect(screen.text.length).toBe(length);
    view.update({ kind: 'phase', phase: 'seed' });
    expect(screen.text.lastIndexOf(hidden)).toBeGreaterThan(screen.text.lastIndexOf(back));
  });

  test('a process that ends without a word gives the cursor back', () => {
    const listeners = process.listeners('exit');
    view.update({ kind: 'phase', phase: 'up' });
    const added = process.listeners('exit').filter((listener) => !listeners.includes(listener));
    expect(added).toHaveLength(1);
    (added[0] as () => void)();
    expect(screen.text.endsWith(back)).toBe(true);
    view.stop();
    expect(process.listeners('exit')).toEqual(listeners);
  });

  test('no line is wider than the terminal, and escape sequences of a tool do not act', () => {
    screen.columns = 40;
    view.update({ kind: 'drill', scenario: 'x'.repeat(200), index: 0, of: 1 });
    view.update({ kind: 'phase', phase: 'recover', title: 'y'.repeat(200) });
    view.update({ ...work(5), what: 'z'.repeat(200) } as Progress);
    expect(
      Math.max(
        ...bare(screen.text)
          .split('\n')
          .map((line) => line.length),
      ),
    ).toBeLessThan(40);
    view.update({ kind: 'line', text: '\u001b[2Jx' });
    expect(screen.text).toContain('\\x1b[2Jx');
  });
});
