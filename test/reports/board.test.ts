import { beforeEach, describe, expect, test, vi } from 'vitest';
import { createLiveBoard } from '../../reports/live.ts';
import { Screen } from './screen.ts';
import { client, stoppedClock } from './stopped-clock.ts';

const clock = stoppedClock();
const esc = '\u001b';
const sequences = new RegExp(`${esc}\\[[\\d;?]*[a-zA-Z]`, 'g');
const bare = (text: string): string => text.replace(sequences, '');

test('several drills on a terminal that says it is 0 columns wide have lines, as in a pipe', () => {
  const screen = new Screen(true, 0);
  const all = createLiveBoard({
    stream: screen,
    color: true,
    width: 80,
    isTTY: true,
    clock,
    jobs: 2,
    drills: 3,
  });
  all.begin('redis-crash', 0).update({ kind: 'phase', phase: 'protect' });
  all.stop();
  expect(screen.text).toMatch(/^02:00:00Z redis-crash: protect$/m);
  expect(screen.text).not.toContain('\u001b');
});

describe('several drills on a terminal', () => {
  let screen: Screen;
  const board = (): ReturnType<typeof createLiveBoard> =>
    createLiveBoard({ stream: screen, color: true, width: 80, isTTY: true, clock, jobs: 2, drills: 3 });
  /** What stands at the bottom after the next redraw. */
  const redrawn = (): string[] => {
    screen.text = '';
    clock.at.nowMs += 100;
    vi.advanceTimersByTime(100);
    return bare(screen.text)
      .split('\n')
      .filter((line) => line.trim() !== '');
  };
  beforeEach(() => {
    screen = new Screen(true, 80);
  });

  test('each has one line with its phase and what is going on, and the last line counts', () => {
    const all = board();
    const [one, two] = [all.begin('redis-crash', 0), all.begin('mysql-pages-corrupted', 1)];
    one.update({ kind: 'phase', phase: 'protect' });
    one.update(client(0));
    two.update({ kind: 'phase', phase: 'recover' });
    two.update({ kind: 'work', what: 'restore mysql', done: 812, total: null, unit: 'events' });
    clock.at.nowMs = 1_900;
    expect(redrawn()).toEqual([
      expect.stringMatching(/^\S redis-crash {12}protect +2\.0 s {2}2 000\/s right$/),
      expect.stringMatching(/^\S mysql-pages-corrupted {2}recover +2\.0 s {2}restore mysql {2}812 events$/),
      '  0 of 3 drills are over',
    ]);
    one.end();
    expect(redrawn()).toEqual([expect.stringMatching(/mysql-pages-corrupted/), '  1 of 3 drills are over']);
    all.stop();
  });

  test('a failing client is told by word, and gone when nothing is heard of it', () => {
    const all = board();
    const one = all.begin('redis-crash', 0);
    one.update({ kind: 'phase', phase: 'detect' });
    one.update(client(1_980, 0));
    expect(redrawn()[0]).toContain('FAILING  1 980/s failed, 0/s right');
    clock.at.nowMs = 10_000;
    expect(redrawn()[0]).not.toContain('FAILING');
    all.stop();
  });

  test('what a drill says goes by above with its name; escape sequences of a tool do not act', () => {
    const all = board();
    const one = all.begin('redis-crash', 0);
    one.update({ kind: 'line', text: 'restore redis\u001b[2J' });
    expect(bare(screen.text)).toContain('  redis-crash: restore redis\\x1b[2J\n');
    all.stop();
  });

  test('no line is wider than the terminal', () => {
    const all = board();
    const one = all.begin('x'.repeat(200), 0);
    one.update({ kind: 'phase', phase: 'recover' });
    one.update({ kind: 'work', what: 'z'.repeat(200), done: 1, total: 2, unit: 'bytes' });
    expect(Math.max(...redrawn().map((line) => line.length))).toBeLessThan(80);
    all.stop();
  });

  test('a pause leaves the terminal free, with its cursor; the next news begins anew', () => {
    const all = board();
    const one = all.begin('redis-crash', 0);
    one.update({ kind: 'phase', phase: 'up' });
    all.pause();
    expect(screen.text.endsWith('\u001b[?25h')).toBe(true);
    expect(redrawn()).toEqual([]);
    one.update({ kind: 'phase', phase: 'seed' });
    expect(redrawn()[0]).toContain('seed');
    all.stop();
    expect(redrawn()).toEqual([]);
  });
});

/** Of two drills. */
function inPipe(jobs: number) {
  const screen = new Screen(false);
  const how = { stream: screen, color: false, width: 80, isTTY: false, clock };
  return { screen, all: createLiveBoard({ ...how, jobs, drills: 2 }) };
}

test('several drills in a pipe: each line bears its drill, and nothing is redrawn', () => {
  const { screen, all } = inPipe(2);
  const [one, two] = [all.begin('one', 0), all.begin('two', 1)];
  one.update({ kind: 'phase', phase: 'up' });
  two.update({ kind: 'phase', phase: 'up' });
  clock.at.nowMs = 2_000;
  one.update({ kind: 'line', text: 'first\nsecond' });
  two.end();
  one.end();
  all.line('done');
  all.stop();
  expect(screen.text.split('\n').slice(0, -1)).toEqual([
    '02:00:00Z drill 1 of 2: one',
    '02:00:00Z drill 2 of 2: two',
    '02:00:00Z one: up',
    '02:00:00Z two: up',
    '02:00:02Z one: first',
    '02:00:02Z one: second',
    '02:00:02Z two: up: took 2.0 s',
    '02:00:02Z one: up: took 2.0 s',
    '02:00:02Z done',
  ]);
});

test('one drill at a time is seen as ever', () => {
  const { screen, all } = inPipe(1);
  const one = all.begin('one', 0);
  one.update({ kind: 'phase', phase: 'up' });
  one.end();
  all.begin('two', 1);
  expect(screen.text).toBe(
    '02:00:00Z drill 1 of 2: one\n02:00:00Z up\n02:00:00Z up: took 0 ms\n02:00:00Z drill 2 of 2: two\n',
  );
});
