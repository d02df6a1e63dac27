/**
 * How long does a drill take against an earlier commit? Both run in turn, so that whatever else the machine
 * does weighs on both alike.
 *
 *   git worktree add ../before <commit>       (and its node_modules, by `npm ci` or a link)
 *   node bench/drill-speed.ts ../before [pairs] [scenario...]
 */
import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import type { DrillResult } from '../core/result.ts';
import { eventsOf } from '../core/timeline.ts';
import { eventsIn } from '../test/support/recorded.ts';

/** By scenario, what the whole drill may take of what it took before. */
const asked: Record<string, number> = {
  'reference/mysql-pages-corrupted': 0.4,
  'reference/redis-volume-lost': 0.4,
};

const [before, pairs = '3', ...named] = process.argv.slice(2);
if (!before) {
  console.error('usage: node bench/drill-speed.ts <worktree of the earlier commit> [pairs] [scenario...]');
  process.exit(64);
}
const median = (numbers: number[]): number =>
  numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)]!;
const execute = promisify(execFile);
const sides = { before: resolve(before), now: resolve(import.meta.dirname, '..') };
const scenarios = named.length > 0 ? named : Object.keys(asked);

/**
 * Seconds of each part of the drill, by its name; `drill` is all of it, from the call to the end of the
 * process.
 */
type Parts = Record<string, number>;

async function run(root: string, scenario: string): Promise<Parts> {
  const home = mkdtempSync(join(tmpdir(), 'muster-speed-'));
  const begun = process.hrtime.bigint();
  await execute(process.execPath, ['cli/main.ts', 'run', scenario, '--json', '--out', home], {
    cwd: root,
    maxBuffer: 2 ** 28,
  });
  const seconds = Number(process.hrtime.bigint() - begun) / 1e9;
  const folder = join(home, 'drills', readdirSync(join(home, 'drills'))[0]!);
  const events = eventsIn(folder);
  const { time } = JSON.parse(readFileSync(join(folder, 'result.json'), 'utf8')) as DrillResult;
  const parts: Parts = { drill: seconds };
  for (const { data, atMs } of eventsOf(events, 'phase.ended')) {
    const from = eventsOf(events, 'phase.begun').find((event) => event.data.phase === data.phase)!;
    parts[data.phase] = (atMs - from.atMs) / 1000;
  }
  const stageMs = (...stages: string[]): number =>
    eventsOf(events, 'stage.ended')
      .filter(({ data }) => stages.includes(data.stage))
      .reduce((sum, ended) => {
        const from = eventsOf(events, 'stage.begun').find(({ data }) => data.id === ended.data.id)!;
        return sum + ended.atMs - from.atMs;
      }, 0);
  parts['restore and replay'] = stageMs('restore', 'replay') / 1000;
  if (time.rtaMs !== null) parts['RTA'] = time.rtaMs / 1000;
  rmSync(home, { recursive: true, force: true });
  return parts;
}

let worst = 0;
for (const scenario of scenarios) {
  const seen: { before: Parts; now: Parts }[] = [];
  for (let pair = 1; pair <= Number(pairs); pair += 1) {
    const [first, second] = pair % 2 === 1 ? (['before', 'now'] as const) : (['now', 'before'] as const);
    const one = {
      [first]: await run(sides[first], scenario),
      [second]: await run(sides[second], scenario),
    } as { before: Parts; now: Parts };
    seen.push(one);
    console.log(
      `${scenario}, pair ${pair}: before ${one.before['drill']!.toFixed(1)} s, now ${one.now['drill']!.toFixed(1)} s, ratio ${(one.now['drill']! / one.before['drill']!).toFixed(3)}`,
    );
  }
  for (const part of Object.keys(seen[0]!.now)) {
    const of = (side: 'before' | 'now'): number => median(seen.map((one) => one[side][part] ?? NaN));
    if (of('before') < 0.1) continue;
    console.log(
      `  ${part.padEnd(18)} before ${of('before').toFixed(1).padStart(6)} s, now ${of('now').toFixed(1).padStart(6)} s, ratio ${median(seen.map(({ before, now }) => now[part]! / before[part]!)).toFixed(3)}`,
    );
  }
  const ratio = median(seen.map(({ before, now }) => now['drill']! / before['drill']!));
  const wanted = asked[scenario] ?? 1;
  console.log(`  median ratio ${ratio.toFixed(3)} (at most ${wanted} is asked for)`);
  worst = Math.max(worst, ratio / wanted);
}
process.exitCode = worst <= 1 ? 0 : 1;
