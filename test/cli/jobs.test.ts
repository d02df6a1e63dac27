import { once } from 'node:events';
import { globSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { pollUntil, systemClock } from '../../core/clock.ts';
import { jobsByMachine } from '../../cli/parallel-drills.ts';
import type { DrillResult } from '../../core/result.ts';
import type { TimelineEvent } from '../../core/timeline.ts';
import { readChain } from '../../evidence/chain.ts';
import { jsonOf, muster, startMuster, type Muster } from '../support/muster.ts';
import { writeScenario, writeStrategy } from './memory-strategy.ts';
import { childrenOf, lives } from '../support/processes.ts';

interface Printed {
  tookMs: number;
  drills: { tookMs: number; folder: string; result: DrillResult }[];
}

/** Drills on the memory driver, all of them of one component: only processes of their own keep them apart. */
function drills(...changes: Record<string, string>[]): { folder: string; files: string[] } {
  const folder = mkdtempSync(join(tmpdir(), 'muster-jobs-'));
  writeStrategy(folder);
  const files = changes.map((change, i) => {
    writeScenario(join(folder, `drill-${i}.yaml`), {
      scenario: `drill-${i}`,
      title: 'A drill in memory',
      fault: '{ wipe-volume: base, at: worst }',
      ...change,
    });
    return `drill-${i}.yaml`;
  });
  return { folder, files };
}
/** Goes on until somebody ends it. */
const endless = { points: '1000' };

interface Timeline {
  events: TimelineEvent[];
  broken: unknown;
  begunMs: number;
  endedMs: number;
  scenario: string;
}
function timelinesIn(folder: string): Timeline[] {
  return globSync('.muster/drills/*/events.jsonl', { cwd: folder })
    .sort()
    .map((file) => {
      const { events, broken } = readChain(readFileSync(join(folder, file), 'utf8'));
      const first = events[0]!;
      const begunMs = first.type === 'drill.begun' ? first.data.originMonotonicMs : NaN;
      const scenario = first.type === 'drill.begun' ? first.data.scenario.scenario : '';
      return { events, broken, scenario, begunMs, endedMs: begunMs + events.at(-1)!.atMs };
    });
}
const mostAtOnce = (all: readonly Timeline[]): number =>
  Math.max(
    ...all.map(({ begunMs }) => all.filter((one) => one.begunMs <= begunMs && begunMs < one.endedMs).length),
  );

/** Two drills, both with clients at work. */
async function twoUnderWay(): Promise<{ folder: string; started: Muster; children: number[] }> {
  const { folder, files } = drills(endless, endless);
  const started = startMuster(['run', ...files, '--jobs', '2'], { cwd: folder });
  await Promise.all([started.said(/drill-0: client: \d/), started.said(/drill-1: client: \d/)]);
  const children = childrenOf(started.child.pid!);
  expect(children).toHaveLength(2);
  return { folder, started, children };
}
const allInterrupted = (folder: string): void => {
  const timelines = timelinesIn(folder);
  expect(timelines).toHaveLength(2);
  for (const { events, broken } of timelines) {
    expect(broken).toBeNull();
    expect(events.at(-1)).toMatchObject({ type: 'drill.ended', data: { outcome: 'interrupted' } });
  }
};
/** Not `expect.poll`: beside other tests it does not know which one it is in. */
async function noneLives(children: number[]): Promise<void> {
  await pollUntil(systemClock, { everyMs: 50, deadlineMs: 30_000 }, async () => !children.some(lives));
  expect(children.filter(lives)).toEqual([]);
}

describe('muster run --jobs', { concurrent: true, timeout: 120_000 }, () => {
  test('drills side by side, as many as asked for, and tells them in the order asked for', async () => {
    const { folder, files } = drills({ settle: '4s' }, {}, { recover: 'automatic' });
    const ended = await muster(['run', ...files, '--jobs', '2', '--json', '--seed', '3'], { cwd: folder });
    expect(ended.code, ended.stderr).toBe(1);
    const printed = jsonOf<Printed>(ended);
    expect(printed.drills.map(({ result }) => [result.scenario, result.exitCode, result.seed])).toEqual([
      ['drill-0', 0, 3],
      ['drill-1', 0, 3],
      ['drill-2', 1, 3],
    ]);
    expect(mostAtOnce(timelinesIn(folder))).toBe(2);
    expect(printed.tookMs).toBeLessThan(printed.drills.reduce((sum, { tookMs }) => sum + tookMs, 0));
    for (const line of ended.stderr.trimEnd().split('\n'))
      expect(line).toMatch(/^\d\d:\d\d:\d\dZ (drill-\d: |drill \d of 3: drill-\d$|3 drills took )/);
    // Its own lines do not get mixed up with those of the others.
    for (const name of ['drill-0', 'drill-1', 'drill-2'])
      expect(
        [...ended.stderr.matchAll(new RegExp(`${name}: (\\w+): took`, 'g'))].map((match) => match[1]),
      ).toEqual(['up', 'seed', 'protect', 'break', 'detect', 'recover', 'verify', 'heal', 'down']);
  });

  test('one at a time when nothing is said', async () => {
    const { folder, files } = drills({}, {});
    expect((await muster(['run', ...files], { cwd: folder })).code).toBe(0);
    expect(mostAtOnce(timelinesIn(folder))).toBe(1);
  });

  test('prints each result whole as it ends, and the overview at the end', async () => {
    const { folder, files } = drills({}, {});
    const { code, stdout } = await muster(['run', ...files, '--jobs', '2'], { cwd: folder });
    expect(code, stdout).toBe(0);
    // Which of two is told first rests on how long each is judged as well: on a busy machine either.
    const printed = [...stdout.matchAll(/^ +drill-(\d) · drill/gm)].map((match) => match[1]);
    expect(printed.toSorted()).toEqual(['0', '1']);
    const overview = [...stdout.matchAll(/^ +✓ PASS +drill-(\d)$/gm)];
    expect(overview.map((match) => match[1])).toEqual(['0', '1']);
    expect(overview[0]!.index).toBeGreaterThan(stdout.lastIndexOf(' · drill '));
    expect(stdout).toMatch(/✓ PASS {2}2 drills: 2 passed, 0 failed, 0 inconclusive\n$/);
  });

  test('Ctrl-C with two under way: both end in order, and nobody is left', async () => {
    const { folder, started, children } = await twoUnderWay();
    process.kill(-started.child.pid!, 'SIGINT');
    const { code, stdout, stderr } = await started.ended;
    expect(code, stderr).toBe(130);
    expect(children.filter(lives)).toEqual([]);
    allInterrupted(folder);
    expect(stdout).not.toMatch(/PASS {2}/);
    expect(stderr.match(/interrupted: healing/g)).toHaveLength(1);
  });

  test('kill -9 with two under way: both notice, end in order, and are gone', async () => {
    const { folder, started, children } = await twoUnderWay();
    started.child.kill('SIGKILL');
    await started.ended;
    await noneLives(children);
    allInterrupted(folder);
  });

  test('Ctrl-C twice leaves nobody behind', async () => {
    const { started, children } = await twoUnderWay();
    // Frozen, no drill can end before the second one is sent.
    for (const child of children) process.kill(child, 'SIGSTOP');
    started.child.kill('SIGINT');
    await started.said('once more to leave at once');
    // Sooner, it would be the same one that npm passes on.
    await systemClock.sleep(600);
    started.child.kill('SIGINT');
    const { code } = await once(started.child, 'exit').then(([code]) => ({ code: code as number | null }));
    for (const child of children) process.kill(child, 'SIGCONT');
    expect(code).toBe(130);
    await started.ended;
    await noneLives(children);
  });

  test('a drill whose process is killed is told, and ends the others in order: 70', async () => {
    const { folder, started, children } = await twoUnderWay();
    process.kill(children[0]!, 'SIGKILL');
    const { code, stderr } = await started.ended;
    expect(code, stderr).toBe(70);
    expect(stderr).toMatch(/the process of a drill ended by SIGKILL and said nothing/);
    expect(children.filter(lives)).toEqual([]);
    expect(
      timelinesIn(folder)
        .map(({ events }) => events.at(-1)!.type)
        .sort(),
    ).toContain('drill.ended');
  });

  test('what keeps one drill from being run ends the run with its code, words and remedy', async () => {
    const { folder, files } = drills({}, {});
    writeFileSync(join(folder, 'taken'), 'a file, not a folder');
    const { code, stderr } = await muster(['run', ...files, '--jobs', '2', '--out', 'taken'], {
      cwd: folder,
    });
    expect(code).toBe(69);
    expect(stderr).toMatch(/error: the evidence cannot be written[^]*found: +ENOTDIR[^]*hint: +--out/);
  });

  test('a file that was changed after it was planned is not drilled', async () => {
    const { folder, files } = drills(endless, endless, {});
    const started = startMuster(['run', ...files, '--jobs', '2'], { cwd: folder });
    await Promise.all([started.said(/drill-0: client: \d/), started.said(/drill-1: client: \d/)]);
    writeFileSync(
      join(folder, files[2]!),
      readFileSync(join(folder, files[2]!), 'utf8').replace('rate: 200/s', 'rate: 100/s'),
    );
    process.kill(childrenOf(started.child.pid!)[0]!, 'SIGTERM');
    const { code, stderr } = await started.ended;
    expect(code, stderr).toBe(64);
    expect(stderr).toMatch(/drill-2\.yaml is not what it was when the drills began/);
  });

  test.each(['0', '-1', '1.5', 'many', ''])('refuses --jobs "%s"', async (jobs) => {
    const { code, stderr } = await muster(['run', '--jobs', jobs]);
    expect(code).toBe(64);
    expect(stderr).toContain('expected a whole number from 1 to 64, or auto');
  });
});

test('auto is what cores and memory carry, and never nothing', () => {
  const gib = 2 ** 30;
  expect([
    jobsByMachine(2, 24 * gib),
    jobsByMachine(2, 4 * gib),
    jobsByMachine(16, 16 * gib),
    jobsByMachine(1, gib),
  ]).toEqual([2, 2, 8, 1]);
  expect(jobsByMachine()).toBeGreaterThanOrEqual(1);
});
