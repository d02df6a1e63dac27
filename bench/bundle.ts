/**
 * Judges the bundle of a drill of 10 million operations from its folder: seconds and peak memory, hashing
 * included. In a process of its own.   node bench/bundle.ts [operations]
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { registries } from '../cli/registries.ts';
import { systemClock } from '../core/clock.ts';
import { digestOf, kinds, outcomes, valueFor } from '../core/ledger.ts';
import { phases } from '../core/timeline.ts';
import { judgeBundle, judgeRun, writeReports } from '../evidence/bundle.ts';
import { createLedgerWriter } from '../engine/ledger-file.ts';
import { createTimelineWriter } from '../engine/timeline-writer.ts';

const rssMax = 400 * 1024 ** 2;
const [mode = '10000000', folder = ''] = process.argv.slice(2);

/** What a drill leaves that writes and reads back, with nothing broken: its size is what counts here. */
async function make(into: string, operations: number): Promise<void> {
  mkdirSync(into);
  const raise = (error: unknown): never => {
    throw error;
  };
  const timeline = createTimelineWriter(join(into, 'events.jsonl'), systemClock, systemClock.nowMs(), raise);
  const ledger = createLedgerWriter(
    join(into, 'ledger.bin'),
    0,
    (chunk) => void timeline.emit('ledger.chunk', chunk),
    raise,
  );
  const strategy = {
    strategy: 'bench',
    components: { redis: { objectives: {}, backups: {}, config: {} } },
    stores: {},
    detection: {},
    alerts: {},
    invariants: {},
  };
  const scenario = {
    scenario: 'bench',
    title: 'Many operations',
    timeScale: 1,
    load: {},
    protect: [],
    fault: [],
    recover: 'automatic',
    check: ['ledger'],
    attempts: 1,
    impact: 'none',
  };
  timeline.emit('drill.begun', {
    drill: 'bench',
    seed: 7,
    muster: 'bench',
    originMonotonicMs: 0,
    scenarioFile: '',
    strategyFile: '',
    host: {},
    strategy,
    scenario,
  } as never);
  timeline.emit('load.begun', {
    load: 'keys',
    index: 0,
    target: 'redis',
    kind: 'data',
    ratePerSecond: 10_000,
    neverReturn: false,
    volatile: false,
  });
  const recorder = ledger.recorder(0);
  for (let id = 0; id < operations; id += 1) {
    const { low, high } = digestOf(valueFor(7, id, 0));
    recorder.record(kinds.write, outcomes.ok, id, id, id / 10, id / 10 + 0.4, low, high, 0);
  }
  ledger.close();
  timeline.emit('load.ended', { load: 'keys', index: 0, operations });
  for (const phase of phases.slice(1, -2)) timeline.emit('phase.ended', { phase, ok: true });
  timeline.emit('drill.ended', { outcome: 'completed' });
  timeline.close();
  await writeReports(into, judgeRun(into, registries), registries);
}

function child(): void {
  const begun = process.hrtime.bigint();
  const { damage } = judgeBundle(folder, registries);
  console.log(
    JSON.stringify({
      damage,
      seconds: Number(process.hrtime.bigint() - begun) / 1e9,
      rss: process.resourceUsage().maxRSS * 1024,
    }),
  );
}

async function main(operations: number): Promise<void> {
  const home = mkdtempSync(join(tmpdir(), 'muster-bundle-'));
  const bundle = join(home, 'bundle');
  try {
    await make(bundle, operations);
    const measured = JSON.parse(
      execFileSync(process.execPath, [import.meta.filename, 'judge', bundle], { encoding: 'utf8' }),
    ) as { damage: string | null; seconds: number; rss: number };
    const mebibytes = (bytes: number): string => `${(bytes / 1024 ** 2).toFixed(0)} MiB`;
    console.log(
      `${operations} operations, a ledger of ${mebibytes(statSync(join(bundle, 'ledger.bin')).size)}: ${measured.seconds.toFixed(1)} s, ${mebibytes(measured.rss)} peak, damage: ${measured.damage ?? 'none'}`,
    );
    if (measured.damage !== null || measured.rss > rssMax) process.exitCode = 1;
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

if (mode === 'judge') child();
else await main(Number(mode));
