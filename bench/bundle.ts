/**
 * Judges the bundle of a drill of 10 million operations from its folder: seconds and peak memory, hashing
 * included. In a process of its own.   node bench/bundle.ts [operations]
 */
import { execFileSync } from 'node:child_process';
import { readFileSync, rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { registries } from '../cli/registries.ts';
import { judgeBundle } from '../evidence/bundle.ts';

const rssMax = 400 * 1024 ** 2;
const [mode = '10000000', folder = ''] = process.argv.slice(2);

function child(): void {
  const begun = process.hrtime.bigint();
  const { damage } = judgeBundle(folder, registries);
  console.log(
    JSON.stringify({
      damage,
      seconds: Number(process.hrtime.bigint() - begun) / 1e9,
      // Not maxRSS of getrusage(2): that begins with what the process had before it became another program.
      rss: Number(/^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))![1]) * 1024,
    }),
  );
}

async function main(operations: number): Promise<void> {
  // Of this process alone: what it makes is large.
  const { drillInMemory } = await import('../test/support/memory-drill.ts');
  const { largeBundle } = await import('../test/support/large-bundle.ts');
  const { scratch } = await import('../test/support/scratch.ts');
  const { folder: small } = await drillInMemory();
  const bundle = largeBundle(small, operations);
  try {
    const measured = JSON.parse(
      execFileSync(process.execPath, [import.meta.filename, 'judge', bundle], { encoding: 'utf8' }),
    ) as { damage: string | null; seconds: number; rss: number };
    const mebibytes = (bytes: number): string => `${(bytes / 1024 ** 2).toFixed(0)} MiB`;
    console.log(
      `${operations} operations, a ledger of ${mebibytes(statSync(join(bundle, 'ledger.bin')).size)}: ${measured.seconds.toFixed(1)} s, ${mebibytes(measured.rss)} peak, damage: ${measured.damage ?? 'none'}`,
    );
    if (measured.damage !== null || measured.rss > rssMax) process.exitCode = 1;
  } finally {
    for (const each of [dirname(bundle), scratch]) rmSync(each, { recursive: true, force: true });
  }
}

if (mode === 'judge') child();
else await main(Number(mode));
