import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../core/clock.ts';
import type { DataClient, DataWorkload } from '../core/workload.ts';
import { recordBytes } from '../core/ledger.ts';
import type { Service } from '../core/service.ts';
import redis from '../drivers/redis/index.ts';
import { createLedgerWriter } from '../engine/ledger-file.ts';
import { dataOperations } from '../engine/load.ts';
import { redisStackUp } from './redis-stack.ts';

const seconds = Number(process.argv[2] ?? 5);
const inFlight = 128;
const target = 20_000;

interface Figures {
  perSecond: number;
  cores: number;
}

/**
 * Keeps `inFlight` operations under way for `seconds`. Gives how many ended a second, and the share of a core
 * that this process took.
 */
async function measure(operation: () => Promise<void>): Promise<Figures> {
  const clock = systemClock;
  const until = clock.nowMs() + seconds * 1000;
  const begun = clock.nowMs();
  const cpu = process.cpuUsage();
  let done = 0;
  await Promise.all(
    Array.from({ length: inFlight }, async () => {
      while (clock.nowMs() < until) {
        await operation();
        done += 1;
      }
    }),
  );
  const tookMs = clock.nowMs() - begun;
  const { user, system } = process.cpuUsage(cpu);
  return { perSecond: (done * 1000) / tookMs, cores: (user + system) / 1000 / tookMs };
}

async function withLedger(
  client: DataClient,
  groupSize: number,
): Promise<Figures & { records: number; failed: number }> {
  const folder = mkdtempSync(join(tmpdir(), 'muster-bench-'));
  const path = join(folder, 'ledger.bin');
  const originMs = systemClock.nowMs();
  const writer = createLedgerWriter(
    path,
    originMs,
    () => undefined,
    (error) => {
      throw error;
    },
  );
  let failed = 0;
  const { operate } = dataOperations(
    client,
    { groupSize },
    {
      clock: systemClock,
      seed: 1,
      ratePerSecond: Infinity,
      recorder: writer.recorder(0),
      seen: (what) => {
        if (what === 'failed') failed += 1;
      },
    },
  );
  const figures = await measure(operate);
  writer.close();
  const records = statSync(path).size / recordBytes;
  rmSync(folder, { recursive: true });
  return { ...figures, records, failed };
}

/** The same mix of operations on the same client, with nothing remembered and nothing recorded. */
function bare(client: DataClient, groupSize: number): () => Promise<void> {
  const value = 'x'.repeat(32);
  let next = 0;
  let turn = 0;
  return async () => {
    turn = (turn + 1) % 50;
    if (turn < 20) {
      const first = 10_000_000 + (next += groupSize);
      await client.write(
        Array.from({ length: groupSize }, (_, i) => first + i),
        Array.from({ length: groupSize }, () => value),
      );
    } else if (turn < 23) await client.write([10_000_000 + turn], [value]);
    else if (turn < 24) await client.remove(10_000_000 + turn);
    else await client.read(10_000_000 + ((turn * 7919) % Math.max(1, next)));
  };
}

async function redisBenchmark(service: Service): Promise<Record<string, number>> {
  const { stdout } = await service.exec([
    'redis-benchmark',
    '-t',
    'set,get',
    '-n',
    '300000',
    '-c',
    '1',
    '-P',
    String(inFlight),
    '-d',
    '32',
    '-r',
    '1000000',
    '--csv',
  ]);
  return Object.fromEntries(
    [...stdout.matchAll(/^"(SET|GET)","([\d.]+)"/gm)].map(([, name, rate]) => [name!, Number(rate)]),
  );
}

const stack = await redisStackUp();
try {
  const service = stack.services.get('redis')!;
  // As the reference stack has it.
  await service.exec(['redis-cli', 'config', 'set', 'appendfsync', 'everysec']);
  const attached = await redis.attach({
    component: 'bench',
    service,
    config: redis.config.parse({}),
    clients: () => service.endpoint(6379),
    peer: () => service,
    clock: systemClock,
    seed: 1,
    secret: () => '',
    note: () => undefined,
    scratch: tmpdir,
    beganWith: () => undefined,
  });
  const workload = attached.workload as DataWorkload;
  const client = await workload.open();
  await measure(bare(client, workload.groupSize));
  const without = await measure(bare(client, workload.groupSize));
  const recorded = await withLedger(client, workload.groupSize);
  const peer = await redisBenchmark(service);
  await client.close();
  await attached.close();
  // What a second of processor time gives: steady where the wall clock's figure suffers from whatever else
  // runs on the machine.
  const perCoreSecond = recorded.perSecond / recorded.cores;
  console.log(
    JSON.stringify(
      {
        seconds,
        inFlight,
        groupSize: workload.groupSize,
        recorded,
        without,
        ratioToBare: recorded.perSecond / without.perSecond,
        perCoreSecond,
        redisBenchmark: peer,
        loadAverage: loadavg(),
      },
      null,
      2,
    ),
  );
  if (recorded.failed > 0) throw new Error(`${recorded.failed} operations failed: this measured nothing`);
  if (recorded.perSecond < target) {
    console.error(
      `only ${Math.round(recorded.perSecond)} acknowledged operations per second, expected ${target}`,
    );
    process.exitCode = 1;
  }
} finally {
  await stack.down();
}
