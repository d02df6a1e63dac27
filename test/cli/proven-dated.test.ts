import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { bundlesIn, rowsOf, type Row } from '../../cli/proven-rows.ts';
import { planRestoreTest } from '../../engine/plan-restore-test.ts';
import { carryOutInMemory, memoryFiles, noStacks } from '../support/memory-drill.ts';
import { createVirtualClock, nextClockBeginsMs } from '../support/virtual-clock.ts';
import { dated, type Night } from './dated-cases.ts';

const dayMs = 86_400_000;
const newest = { table: 'meta', column: '1', within: '26h' };
const contentOf = ({ is }: Night): string => {
  const at = new Date(nextClockBeginsMs() - (is === 'good' ? 1 : 400) * 3_600_000).toISOString();
  return `-- memory dump of shop\norders 1 one\nmeta 1 ${at}\n-- end\n`;
};

async function wait(ms: number): Promise<void> {
  const clock = createVirtualClock();
  await clock.during(async () => {
    await clock.sleep(ms);
    clock.utc();
  });
}

/** As each night's job does it: `restore-test --from` with the file that is the newest. */
async function tested(folder: string, component: string, night: Night): Promise<void> {
  const from = join(folder, night.file);
  writeFileSync(from, contentOf(night));
  const { result } = await carryOutInMemory(folder, {}, ({ registries: known }) =>
    planRestoreTest(
      {
        strategyFile: join(folder, 'strategy.yaml'),
        restore: component,
        check: [],
        existing: { from, expect: { newest } },
      },
      known,
      noStacks,
    ),
  );
  expect(result.verdict).toBe(night.is === 'good' ? 'pass' : 'fail');
}

/** Every row of a home of its own, once those nights are over. */
async function rowsAfter(
  nights: readonly Night[],
  onDay: number,
): Promise<{ folder: string; rows: Row[]; component: string }> {
  const { folder } = memoryFiles();
  const strategy = parse(readFileSync(join(folder, 'strategy.yaml'), 'utf8')) as { components: object };
  const component = Object.keys(strategy.components)[0]!;
  let day = 0;
  for (const night of nights) {
    await wait((night.day - day) * dayMs);
    day = night.day;
    await tested(folder, component, night);
  }
  const nowMs = nextClockBeginsMs() + (onDay - day) * dayMs;
  const rows = rowsOf([], bundlesIn(join(folder, 'drills')), { nowMs, withinMs: 8 * dayMs });
  return { folder, rows, component };
}

describe('dumps of which each has a name of its own', { timeout: 60_000 }, () => {
  test.each(dated)('$name', async ({ nights, onDay, code, names, failed }) => {
    const { folder, rows, component } = await rowsAfter(nights, onDay);
    const at = (file: string | null): string | undefined => (file === null ? undefined : join(folder, file));
    expect(rows.map(({ backup, ok }) => [backup, ok])).toEqual([[`${component}, by --from`, code === 0]]);
    expect(rows[0]!.proof?.file?.name).toBe(at(names));
    expect(rows[0]!.failedSince?.from).toBe(at(failed));
  });
});
