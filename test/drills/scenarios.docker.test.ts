import { globSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DrillResult } from '../../core/result.ts';
import { eventsOf, type TimelineEvent } from '../../core/timeline.ts';
import { findScenarios } from '../../cli/scenarios.ts';
import { leftOf } from '../stack/small-stack.ts';
import { detailOf } from '../support/real-drill.ts';
import { everything } from '../support/tier.ts';
import { jsonOf, muster } from '../support/muster.ts';
import { eventsIn } from '../support/recorded.ts';

interface Drilled {
  name: string;
  tookMs: number;
  result: DrillResult;
  events: TimelineEvent[];
  error: unknown;
}

const repository = join(import.meta.dirname, '../..');
const all = globSync('scenarios/**/*.yaml', { cwd: repository })
  .filter((file) => basename(file) !== 'strategy.yaml')
  .sort();
/** One for each family of faults, and the two of the README's first command. */
const families = [
  ...[
    'redis-volume-lost',
    'mysql-pages-corrupted',
    'mysql-dropped-table',
    'app-crash',
    'redis-slow-network',
    'certificate-expired',
    'object-corrupted',
    'crash-during-restore',
  ].map((name) => `reference/${name}`),
  'regions/primary-region-lost-blackhole',
].map((name) => `scenarios/${name}.yaml`);
const scenarios = everything ? all : families;
const home = mkdtempSync(join(tmpdir(), 'muster-scenarios-'));
const drilled = new Map<string, Drilled[]>();
let said = '';

beforeAll(async () => {
  const jobs = process.env['MUSTER_TEST_JOBS'] ?? 'auto';
  const ended = await muster(['run', ...scenarios, '--jobs', jobs, '--json', '--seed', '7', '--out', home], {
    cwd: repository,
  });
  said = ended.stderr.slice(-4_000);
  const printed = jsonOf<{
    tookMs: number;
    drills: { folder: string; tookMs: number; result: DrillResult; error?: unknown }[];
  }>(ended);
  for (const one of printed.drills) {
    const events = eventsIn(one.folder);
    const name = events[0]?.type === 'drill.begun' ? events[0].data.scenarioFile : '';
    drilled.set(name, [
      ...(drilled.get(name) ?? []),
      { name, tookMs: one.tookMs, result: one.result, events, error: one.error ?? null },
    ]);
  }
  const rows = printed.drills
    .toSorted((a, b) => b.tookMs - a.tookMs)
    .map(
      (one) =>
        `  ${String(Math.round(one.tookMs / 1000)).padStart(4)} s  ${one.result.exitCode}  ${one.result.scenario}`,
    );
  console.log(
    `${printed.drills.length} drills in ${Math.round(printed.tookMs / 1000)} s\n${rows.join('\n')}`,
  );
}, 45 * 60_000);
afterAll(() => {
  if (!process.env['MUSTER_TEST_KEEP']) rmSync(home, { recursive: true, force: true });
});

const allOf = (file: string): Drilled[] =>
  drilled.get(file) ?? expect.fail(`${file} was not drilled: ${said}`);
const the = (name: string): Drilled => allOf(`scenarios/reference/${name}.yaml`)[0]!;
const loadOf = ({ result }: Drilled, name: string): DrillResult['loads'][number] =>
  result.loads.find(({ load }) => load === name)!;
const lostIn = ({ classes }: DrillResult['loads'][number]): number => classes!.lost + classes!.stale;

describe('every scenario, as shipped, on its stack', () => {
  it('is one that a user finds', () => {
    expect(all).toEqual(
      findScenarios()
        .scenarios.map(({ file }) => file.slice(repository.length + 1))
        .sort(),
    );
    expect(all.length).toBeGreaterThan(20);
    expect(all).toEqual(expect.arrayContaining(families));
  });

  it.each(scenarios)('%s', async (file) => {
    for (const { result, events, error } of allOf(file)) {
      expect(error).toBeNull();
      expect(
        result.findings
          .filter(({ verdict }) => verdict !== 'pass')
          .map(({ id, detail }) => `${id}: ${detail}`),
      ).toEqual([]);
      expect(result).toMatchObject({ verdict: 'pass', exitCode: 0, outcome: 'completed' });
      expect(result.score.low).toBe(result.score.of);
      expect(
        (await leftOf(result.drill)).map((each) => each.name),
        'left in the engine',
      ).toEqual([]);
      expectCoherent(result);
      // Whatever a drill does, nothing is restored from what was never complete.
      const durable = new Set(eventsOf(events, 'backup.durable').map(({ data }) => data.point));
      for (const { data } of eventsOf(events, 'backup.failed')) expect(durable).not.toContain(data.point);
    }
  });
});

/**
 * What holds of every drill that passes, whatever its figures: they were measured, and none contradicts
 * another.
 */
function expectCoherent({ time, waterfall, loads, findings }: DrillResult): void {
  const { faultMs, witnessedMs, impactMs, correctMs, verifiedMs, rtaMs, outageMs, resolutionMs } = time;
  expect(witnessedMs!).toBeGreaterThan(faultMs!);
  for (const load of loads) expect(load.right, load.load).toBeGreaterThan(30);
  // Every session that was ended for good was asked for.
  const ended = findings.find(({ id }) => id === 'integrity/logins/resurrected');
  if (loads.some(({ load }) => load === 'logins'))
    expect(ended?.detail).toMatch(/^None among [1-9]\d* removals?\.$/);
  if (impactMs === null) return;
  expect(impactMs).toBeGreaterThanOrEqual(faultMs!);
  expect(correctMs!).toBeGreaterThan(impactMs);
  expect(rtaMs!).toBeCloseTo(correctMs! - faultMs!, 3);
  expect(outageMs!).toBeLessThanOrEqual(rtaMs!);
  expect(resolutionMs!).toBeGreaterThan(0);
  expect(waterfall.reduce((sum, { beginMs, endMs }) => sum + endMs - beginMs, 0)).toBeCloseTo(
    verifiedMs! - faultMs!,
    3,
  );
}

/**
 * Minutes at most, and nothing that a person would call instant: the restore alone is less than what clients
 * waited.
 */
function expectRestored({ result: { time } }: Drilled): void {
  expect(time.restoreOnlyMs!).toBeGreaterThan(200);
  expect(time.restoreOnlyMs!).toBeLessThan(time.rtaMs!);
  expect(time.rtaMs!).toBeLessThan(180_000);
}

const isDrilled = (name: string): boolean => scenarios.some((file) => basename(file) === `${name}.yaml`);
/** Of a scenario that this run drills. */
function figures(name: string, what: string, look: () => void): void {
  if (isDrilled(name)) it(`${name}: ${what}`, look);
}

describe('what the figures of some of them must be', () => {
  figures('mysql-pages-corrupted', 'nothing acknowledged before the fault is lost', () => {
    const drill = the('mysql-pages-corrupted');
    expectRestored(drill);
    expect(loadOf(drill, 'orders').lostBeforeFault).toBe(0);
    expect(drill.result.data.rpaMs!).toBeLessThan(60_000);
    expect(drill.result.steps.map(({ ok }) => ok)).toEqual([true, true]);
    expect(detailOf(drill.result, 'witness/corrupt-pages/mysql')).toMatch(/innochecksum finds page \d+/);
  });

  figures(
    'mysql-dropped-table',
    'what was written after the mistake is thrown away with it, and counted',
    () => {
      const drill = the('mysql-dropped-table');
      expectRestored(drill);
      const orders = loadOf(drill, 'orders');
      expect(orders.lostAfterFault).toBeGreaterThan(0);
      expect(orders.lostBeforeFault).toBe(0);
      expect(lostIn(orders)).toBe(orders.lostAfterFault);
      expect(drill.result.data.rpaMs!).toBeGreaterThan(0);
      // In real life the loss goes on until somebody notices: the derived 90 s are in the worst case.
      expect(drill.result.data.worstRpaMs!).toBeGreaterThanOrEqual(drill.result.data.rpaMs! + 90_000);
      expect(detailOf(drill.result, 'check/mysql.inventory')).toMatch(/\d+ rows of 4 tables/);
    },
  );

  figures('redis-volume-lost', 'a snapshot interval is lost, and no more', () => {
    const drill = the('redis-volume-lost');
    expectRestored(drill);
    const tokens = loadOf(drill, 'tokens');
    expect(tokens.lostBeforeFault).toBeGreaterThan(100);
    expect(tokens.lostAfterFault).toBeGreaterThan(0);
    // Interval declared: five minutes, and what was measured on top of it.
    expect(drill.result.data.worstRpaMs!).toBeGreaterThan(300_000);
    expect(drill.result.data.rpaMs!).toBeLessThan(120_000);
    expect(detailOf(drill.result, 'check/app.probes')).toMatch(/^100 probes are answered as expected/);
  });

  figures('redis-crash', 'it comes back by itself, with what was acknowledged', () => {
    const drill = the('redis-crash');
    expect(drill.result.time.rtaMs!).toBeLessThan(60_000);
    // Nothing was restored, and nobody had to notice: neither figure may be made up.
    expect(drill.result.time).toMatchObject({ restoreOnlyMs: null, derivedDetectionMs: null });
    expect(drill.result.data.rpaMs === 0).toBe(lostIn(loadOf(drill, 'tokens')) === 0);
    if (drill.result.data.rpaMs === 0)
      expect(detailOf(drill.result, 'rpo/redis')).toMatch(
        /^None of [\d ]+ acknowledged writes is missing: RPA 0 ms/,
      );
  });

  figures('redis-flushall', 'another connection counts what is left', () => {
    const { result } = the('redis-flushall');
    expect(detailOf(result, 'witness/flush-all/redis')).toMatch(/another connection counts \d+ keys/);
    expect(result.data.rpaMs).toBeGreaterThan(0);
  });

  figures('offsite-store-down-during-restore', 'it falls back to the copy on the volume, and says so', () => {
    const { result, events } = the('offsite-store-down-during-restore');
    expect(
      eventsOf(events, 'note')
        .map(({ data }) => data.text)
        .join('\n'),
    ).toMatch(/store offsite cannot give the recovery point \(.*\): trying volume/);
    expect(eventsOf(events, 'step.ended')[0]!.data).toMatchObject({ ok: true, facts: { store: 'volume' } });
    expect(result.faults).toMatchObject([
      { fault: 'wipe-volume' },
      { fault: 'store-unreachable', target: 'offsite', healed: true },
    ]);
    expect(result.limitations.join('\n')).toMatch(/Nothing was restored from offsite/);
  });

  figures('crash-during-backup', 'what was cut off is no recovery point', () => {
    const { events } = the('crash-during-backup');
    const fault = eventsOf(events, 'fault.begun')[0]!;
    const cut = eventsOf(events, 'backup.begun').findLast(({ seq }) => seq < fault.seq)!.data.point;
    // Of one that fits into the buffers on its way, every byte may have been read when the server died.
    const isAmong = (type: 'backup.failed' | 'backup.durable'): boolean =>
      eventsOf(events, type).some(({ data }) => data.point === cut);
    expect(isAmong('backup.failed')).not.toBe(isAmong('backup.durable'));
  });

  figures(
    'crash-during-restore',
    'it struck in the middle of the first attempt, and the second one succeeds',
    () => {
      const { result, events } = the('crash-during-restore');
      const crash = eventsOf(events, 'fault.begun').find(({ data }) => data.fault === 'crash')!;
      expect(crash.seq).toBeGreaterThan(
        eventsOf(events, 'stage.begun').find(({ data }) => data.stage === 'restore')!.seq,
      );
      expect(crash.seq).toBeLessThan(eventsOf(events, 'step.ended')[0]!.seq);
      expect(result.steps.map(({ ok }) => ok)).toContain(false);
      expect(result.steps.at(-1)).toMatchObject({ ok: true });
    },
  );

  it.each(
    (
      [
        [
          'redis-ransomware',
          'volume',
          'offsite',
          /no recovery point of redis\.snapshot in volume from before the fault/,
        ],
        [
          'bucket-emptied',
          'offsite',
          'volume',
          /no recovery point of redis\.snapshot in offsite from before the fault/,
        ],
        ['object-corrupted', 'offsite', 'volume', /its SHA-256 is not the one that was recorded/],
      ] as const
    ).filter(([name]) => isDrilled(name)),
  )(
    '%s: the copy in %s cannot be restored, the one in %s is, and the report says so',
    (name, gone, used, why) => {
      const { result, events } = the(name);
      const notes = eventsOf(events, 'note')
        .map(({ data }) => data.text)
        .filter((text) => text.startsWith(`store ${gone} cannot give the recovery point`));
      expect(notes).toEqual([expect.stringMatching(why)]);
      expect(eventsOf(events, 'step.ended')[0]!.data).toMatchObject({ ok: true, facts: { store: used } });
      expect(result.limitations.join('\n')).toMatch(new RegExp(`Nothing was restored from ${gone}`));
    },
  );

  figures('newest-backup-poisoned', 'two points hold the damage, and the one before it is restored', () => {
    const { events } = the('newest-backup-poisoned');
    const fault = eventsOf(events, 'fault.begun')[0]!;
    const durable = eventsOf(events, 'backup.durable');
    expect(durable.filter(({ data }) => data.consistentAtMs > fault.atMs).length).toBeGreaterThanOrEqual(2);
    const { point } = eventsOf(events, 'step.ended')[0]!.data.facts as { point: string };
    expect(durable.find(({ data }) => data.point === point)!.data.consistentAtMs).toBeLessThan(fault.atMs);
  });

  figures(
    'backup-store-slow',
    'what the store takes longer is in the worst case, and what is not kept is removed',
    () => {
      const { result } = allOf('scenarios/remote-store/backup-store-slow.yaml')[0]!;
      const [, durabilityMs] = /durability ([\d.]+) s \(measured\)/.exec(detailOf(result, 'rpo/redis')) ?? [];
      // Three answers of the store, each 300 ms later.
      expect(Number(durabilityMs) * 1000).toBeGreaterThan(900);
      expect(result.data.worstRpaMs!).toBeGreaterThan(300_900);
      expect(detailOf(result, 'retention/redis.snapshot')).toMatch(
        /^[1-9]\d* recovery points? beyond it removed from every copy .* stay in offsite/,
      );
    },
  );

  figures('mysql-crash-mid-transaction', 'no transaction is there in part', () => {
    const drill = the('mysql-crash-mid-transaction');
    expect(drill.result.data.rpaMs).toBe(0);
    expect(detailOf(drill.result, 'integrity/orders/torn')).toMatch(/^None among [1-9]/);
    expect(loadOf(drill, 'orders').failed! + loadOf(drill, 'orders').unknown!).toBeGreaterThan(0);
  });
});
