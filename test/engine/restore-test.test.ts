import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { registries } from '../../cli/registries.ts';
import { procedureKinds } from '../../core/procedures.ts';
import type { DrillResult } from '../../core/result.ts';
import { eventsOf, type ProcedureName, type TimelineEvent } from '../../core/timeline.ts';
import { agreementDamage } from '../../evidence/agreement.ts';
import { timelineDamage } from '../../evidence/timeline-damage.ts';
import { planRestoreTest, type RestoreTest } from '../../engine/plan-restore-test.ts';
import { endings, procedures } from '../../engine/procedures/index.ts';
import {
  carryOutInMemory,
  drillFile,
  drillInMemory,
  memoryFiles,
  noStacks,
  type MemoryDrill,
  storesIn,
} from '../support/memory-drill.ts';
import { scratch } from '../support/scratch.ts';
import { eventsIn } from '../support/recorded.ts';

/** A strategy, and stores with the recovery points that a drill of it left there. */
interface Kept {
  folder: string;
  component: string;
  drill: MemoryDrill;
}
const shared = mkdtempSync(join(scratch, 'restore-test-'));
afterAll(() => rmSync(shared, { recursive: true, force: true }));

async function keptBy(name: string, config = '{}'): Promise<Kept> {
  const drill: MemoryDrill = { stores: storesIn(join(shared, name)), config };
  const files = memoryFiles(drill);
  const { folder } = await drillFile(files, drill);
  const component = eventsOf(eventsIn(folder), 'schedule.begun')[0]!.data.backup.split('.')[0]!;
  return { folder: files.folder, component, drill };
}

const restoreTestOf = (
  { folder, component, drill }: Kept,
  asked: Partial<RestoreTest> = {},
): Promise<{ folder: string; result: DrillResult }> =>
  carryOutInMemory(folder, drill, ({ registries: known }) =>
    planRestoreTest(
      {
        strategyFile: join(folder, 'strategy.yaml'),
        restore: component,
        from: ['b'],
        check: ['rows'],
        ...asked,
      },
      known,
      noStacks,
    ),
  );

const of = ({ findings }: DrillResult, verdict: string): string[] =>
  findings.filter((one) => one.verdict === verdict).map(({ id }) => id);

describe('a restore test that must not pass', () => {
  it('of a backup that brought nothing back', async () => {
    const kept = await keptBy('empty', '{ bad: { omit: { every: 1, of: ids } } }');
    const { result } = await restoreTestOf(kept);
    expect(result.exitCode).toBe(1);
    expect(of(result, 'fail')).toContain(`check/${kept.component}.rows`);
  });
  it('whose restore fails, because the store holds no point', async () => {
    const kept = await keptBy('missing');
    const b = join(shared, 'missing', 'b');
    for (const name of readdirSync(b)) rmSync(join(b, name), { recursive: true });
    const { result } = await restoreTestOf(kept);
    expect(result.exitCode).toBe(1);
    expect(of(result, 'fail')).toContain('recovery');
  });
  it('of a newest point that is older than its schedule and its RPO, though it is found right', async () => {
    const kept = await keptBy('aged');
    const file = join(kept.folder, 'strategy.yaml');
    const text = readFileSync(file, 'utf8');
    writeFileSync(file, text.replace('every: 1m', 'every: 1s').replace('rpo: 15m', 'rpo: 1s'));
    const { result } = await restoreTestOf(kept);
    expect(of(result, 'fail')).toEqual([]);
    expect(of(result, 'inconclusive')).toEqual([`restored/${kept.component}/age`]);
    expect(result.exitCode).toBe(2);
  });
  it('that holds what it restored against nothing', async () => {
    const { result } = await restoreTestOf(await keptBy('unchecked'), { check: [] });
    expect(result.exitCode).toBe(2);
    expect(of(result, 'inconclusive')).toEqual(['restored']);
    expect(of(result, 'fail')).toEqual([]);
  });
  it('whose check compares with what was there before, which in an empty sandbox is nothing', async () => {
    const { result } = await restoreTestOf(await keptBy('compared'), { check: ['inventory'] });
    expect(result.exitCode).toBe(2);
  });
});

describe('a restore test of a good backup', () => {
  let carriedOut: ReturnType<typeof restoreTestOf> | undefined;
  const good = async () => {
    const ran = await (carriedOut ??= keptBy('good').then((kept) => restoreTestOf(kept)));
    return { ...ran, events: eventsIn(ran.folder) };
  };
  it('passes, breaks nothing and asks no client', async () => {
    const { result, events } = await good();
    expect(result.findings.filter(({ verdict }) => verdict !== 'pass')).toEqual([]);
    expect(result.exitCode).toBe(0);
    expect(eventsOf(events, 'fault.begun', 'load.begun', 'schedule.begun', 'check.baseline')).toEqual([]);
  });
  it('has the phases of its kind, and no other', async () => {
    const { events } = await good();
    expect(eventsOf(events, 'phase.ended').map(({ data }) => data.phase)).toEqual(
      procedureKinds['restore-test'].phases,
    );
  });
  it('tells the restore time from the first byte fetched to the first right answer', async () => {
    const { result, events } = await good();
    const fetched = eventsOf(events, 'stage.begun').find(({ data }) => data.stage === 'fetch')!;
    const answered = eventsOf(events, 'check.ended')[0]!;
    const { actual, unit } = result.findings.find(({ id }) => id === 'restored')!;
    expect({ actual, unit }).toEqual({ actual: answered.atMs - fetched.atMs, unit: 'ms' });
    expect(result.time.rtaMs).toBeNull();
  });
  it('leaves its reports', async () => {
    const { folder } = await good();
    for (const name of ['result.json', 'report.html', 'junit.xml', 'manifest.json'])
      expect(existsSync(join(folder, name)), name).toBe(true);
    expect(readFileSync(join(folder, 'summary.md'), 'utf8')).toContain('Restore test of');
  });
  it('is whole, and damaged where it says that it was a drill', async () => {
    const { events } = await good();
    const [begun, ...rest] = events as [TimelineEvent<'drill.begun'>, ...TimelineEvent[]];
    const { procedure: _, ...data } = begun.data;
    expect(timelineDamage(events)).toBeNull();
    expect(agreementDamage(events, registries)).toBeNull();
    expect(timelineDamage([{ ...begun, data }, ...rest])).toMatch(/its phase seed never did/);
  });
  it('is not what a drill is that says it was one', async () => {
    const { folder } = await drillInMemory();
    const [begun, ...rest] = eventsIn(folder) as [TimelineEvent<'drill.begun'>, ...TimelineEvent[]];
    const said = [{ ...begun, data: { ...begun.data, procedure: 'restore-test' as const } }, ...rest];
    expect(timelineDamage(said)).toMatch(/is not what comes next: phase.begun recover/);
    expect(agreementDamage(said, registries)).toMatch(/a restore-test has no wipe-volume/);
  });
});

describe('procedures', () => {
  it.each(Object.keys(procedures) as ProcedureName[])(
    '%s carries out the phases that it is known by',
    (name) =>
      expect([...procedures[name].phases, ...endings].map((phase) => phase.name)).toEqual(
        procedureKinds[name].phases,
      ),
  );
});
