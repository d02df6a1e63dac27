import { execFileSync } from 'node:child_process';
import { rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { recordBytes } from '../../core/ledger.ts';
import type { DrillResult } from '../../core/result.ts';
import { drillInMemory } from '../support/memory-drill.ts';
import { largeBundle } from '../support/large-bundle.ts';
import { everything } from '../support/tier.ts';

const judging = (bundle: string): string => {
  const module = (path: string): string => JSON.stringify(join(import.meta.dirname, '../..', path));
  return `const { judgeBundle } = await import(${module('evidence/bundle.ts')});
    const { registries } = await import(${module('cli/registries.ts')});
    const { readFileSync } = await import('node:fs');
    const { damage, result } = judgeBundle(${JSON.stringify(bundle)}, registries);
    const peak = /^VmHWM:\\s+(\\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))[1];
    console.log(JSON.stringify({ damage, result, peakBytes: Number(peak) * 1024 }));`;
};

/** In a process of its own, so that nothing else is in its memory. */
const judged = (bundle: string): { damage: string | null; result: DrillResult; peakBytes: number } =>
  JSON.parse(
    execFileSync(process.execPath, ['--input-type=module', '-e', judging(bundle)], {
      encoding: 'utf8',
      maxBuffer: 64 * 1024 ** 2,
    }),
  ) as { damage: string | null; result: DrillResult; peakBytes: number };

const operations = everything ? 10_000_000 : 500_000;

test(`the bundle of a drill of ${operations / 1e6} million operations is judged as a small one is, in bounded memory`, {
  timeout: 600_000,
}, async () => {
  const { folder } = await drillInMemory();
  const small = judged(folder);
  const bundle = largeBundle(folder, operations);
  try {
    expect(statSync(join(bundle, 'ledger.bin')).size).toBeGreaterThan(operations * recordBytes);
    const large = judged(bundle);
    expect(large.damage).toBeNull();
    expect(large.result).toMatchObject({ verdict: 'pass', exitCode: 0, time: small.result.time });
    expect(large.result.loads[0]!.classes).toEqual(small.result.loads[0]!.classes);
    expect(large.peakBytes).toBeLessThan(300 * 1024 ** 2);
  } finally {
    rmSync(dirname(bundle), { recursive: true, force: true });
  }
});
