import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { registries } from '../../cli/registries.ts';
import type { Phase } from '../../core/timeline.ts';
import { readChain } from '../../core/timeline.ts';
import type { DrillResult } from '../../core/result.ts';
import { judgeBundle } from '../../engine/bundle.ts';
import { drillInMemory } from '../support/memory-drill.ts';

const finding = (result: DrillResult, id: RegExp) => result.findings.filter((one) => id.test(one.id));
const red = (result: DrillResult): string[] => result.findings.filter((one) => one.verdict === 'fail').map((one) => one.id);
const concurrent = { timeout: 120_000, concurrent: true };

describe('a drill that goes as promised', concurrent, () => {
  it('passes, and its bundle gives the same result again', async () => {
    const { folder, result } = await drillInMemory();
    expect(red(result)).toEqual([]);
    expect(result.verdict).toBe('pass');
    expect(result.exitCode).toBe(0);
    expect(result.time.rtaMs).toBeGreaterThan(0);
    expect(result.data.rpaMs).toBeGreaterThan(0);
    expect(result.loads[0]!.classes!.lost + result.loads[0]!.classes!.stale).toBeGreaterThan(0);
    expect(judgeBundle(folder, registries).result).toEqual(JSON.parse(readFileSync(join(folder, 'result.json'), 'utf8')));
    for (const name of ['events.jsonl', 'ledger.bin', 'result.json', 'junit.xml', 'summary.md', 'report.html', 'manifest.json']) expect(existsSync(join(folder, name)), name).toBe(true);
    for (const name of ['stores', 'scratch']) expect(existsSync(join(folder, name)), name).toBe(false);
  });
  it('passes on a log replayed over a restored base', async () => {
    const { result } = await drillInMemory({ scenario: { protect: '[store.snapshot, store.log]', recover: '[{ restore: store, from: a }, { replay: store.log, from: a }]' } });
    expect(red(result)).toEqual([]);
    expect(result.verdict).toBe('pass');
  });
  it('passes with two loads on one component, each with ids of its own', async () => {
    const { result } = await drillInMemory({ scenario: { load: '{ rows: { target: store, rate: 300/s }, more: { target: store, rate: 200/s } }' } });
    expect(red(result)).toEqual([]);
    expect(result.verdict).toBe('pass');
    for (const load of result.loads) expect(load.classes!.survived, load.load).toBeGreaterThan(100);
  });
  it('has a waterfall that adds up to the total', async () => {
    const { result } = await drillInMemory();
    const sum = result.waterfall.reduce((total, { beginMs, endMs }) => total + endMs - beginMs, 0);
    expect(sum).toBeCloseTo(result.time.verifiedMs! - result.time.faultMs!, 3);
  });
});

describe('drills that must not pass', concurrent, () => {
  it('a backup that silently leaves records out has holes', async () => {
    const { result } = await drillInMemory({ config: '{ bad: { omit: { every: 10, of: groups } } }' });
    expect(result.exitCode).toBe(1);
    expect(finding(result, /hole/)[0]).toMatchObject({ verdict: 'fail', gate: true });
  });
  it('a backup that leaves half of a group out is torn', async () => {
    const { result } = await drillInMemory({ config: '{ bad: { omit: { every: 7, of: ids } } }' });
    expect(red(result).some((id) => /torn/.test(id))).toBe(true);
  });
  it('what the one of two loads on a component lost is told of it alone', async () => {
    const { result } = await drillInMemory({
      config: '{ bad: { forgetsOnceRestored: 2 } }', scenario: { load: '{ rows: { target: store, rate: 300/s }, more: { target: store, rate: 200/s } }' },
    });
    expect(red(result)).toEqual(expect.arrayContaining(['integrity/rows/lost-after-recovery', 'integrity/more/lost-after-recovery']));
    expect(red(result).filter((id) => /phantom|corrupt|torn/.test(id))).toEqual([]);
  });
  it('a schedule that stopped running is found out', async () => {
    const { result } = await drillInMemory({ config: '{ bad: { stallBackupsAfter: 1 } }', scenario: { points: '1', fault: '{ wipe-volume: store, at: +6s }' } });
    expect(finding(result, /schedule/).map((one) => one.verdict)).toContain('fail');
    expect(result.exitCode).toBe(1);
  });
  it.each([[1, 'keeps none'], [10, 'loses a tenth']])('a restored database that acknowledges everything: of every %i writes one is lost, so that it %s', async (every) => {
    const { result } = await drillInMemory({ config: `{ bad: { forgetsOnceRestored: ${every} } }` });
    expect(red(result)).toContainEqual(expect.stringMatching(/^integrity\/.*\/lost-after-recovery$/));
    expect(red(result)).toContainEqual(expect.stringMatching(/^rto\/store/));
    expect(result.loads[0]!.classes!['lost-after-recovery']).toBeGreaterThan(0);
    expect(result.exitCode).toBe(1);
  });
  it('a service that comes up empty has not recovered', async () => {
    const { result } = await drillInMemory({ scenario: { recover: 'automatic' } });
    expect(result.exitCode).toBe(1);
    expect(result.time.rtaMs).toBeNull();
  });
  it('a loss beyond the objective misses it', async () => {
    const { result } = await drillInMemory({ rpo: '30s', every: '1m' });
    expect(result.objectives.find((one) => one.kind === 'rpo')).toMatchObject({ verdict: 'fail' });
    expect(result.exitCode).toBe(1);
  });
  it('a fault that no witness saw proves nothing: inconclusive', async () => {
    const { result } = await drillInMemory({ config: '{ bad: { faults: nothing } }', registries: impatient });
    expect(finding(result, /witness/)[0]).toMatchObject({ verdict: 'inconclusive' });
    expect(result.verdict).toBe('inconclusive');
    expect(result.exitCode).toBe(2);
  });
  it('a read-back that broke off proves nothing: inconclusive', async () => {
    const { result } = await drillInMemory({ config: '{ bad: { readBack: fails } }', every: '2m' });
    expect(result.loads[0]!.classes).toBeNull();
    expect(result.data.rpaMs).toBeNull();
    expect(result.exitCode).toBe(2);
  });
  it('an undo that failed is reported even beside a success', async () => {
    const { result } = await drillInMemory({ config: '{ bad: { undo: fails } }', scenario: { fault: '{ crash: store, at: +2s }', recover: 'automatic' } });
    expect(finding(result, /undo/).map((one) => one.verdict)).toContain('fail');
    expect(result.exitCode).not.toBe(0);
  });
  it('a restore from copies that were tampered with is refused, with the reason', async () => {
    const { result } = await drillInMemory({ tamper: (bytes) => { bytes[bytes.length - 1]! ^= 1; } });
    expect(result.steps[0]).toMatchObject({ ok: false });
    expect(result.steps[0]!.error).toMatch(/b/);
    expect(result.exitCode).toBe(1);
  });
  it('so is one from copies that were cut off', async () => {
    const { result } = await drillInMemory({ tamper: (bytes) => bytes.subarray(0, bytes.length >> 1) });
    expect(result.steps[0]).toMatchObject({ ok: false });
    expect(result.exitCode).toBe(1);
  });
});

/** The same faults, whose witnesses give up soon. */
const impatient = { ...registries, faults: { ...registries.faults, 'wipe-volume': { ...registries.faults['wipe-volume']!, witnessDeadlineMs: 300 } } };

describe('an interrupted drill', concurrent, () => {
  it.each<Phase>(['up', 'seed', 'protect', 'break', 'detect', 'recover', 'verify'])('in phase %s heals, and leaves a bundle that is whole and never passes', async (phase) => {
    const controller = new AbortController();
    const { folder, result } = await drillInMemory({
      signal: controller.signal,
      progress: (progress) => {
        if (progress.kind === 'phase' && progress.phase === phase) controller.abort(new Error('Ctrl-C'));
      },
    });
    expect(result.outcome).toBe('interrupted');
    expect(result.exitCode).toBe(130);
    expect(result.verdict).not.toBe('pass');
    const { events, broken } = readChain(readFileSync(join(folder, 'events.jsonl'), 'utf8'));
    expect(broken).toBeNull();
    expect(events.at(-1)!.type).toBe('drill.ended');
    expect(existsSync(join(folder, 'stores'))).toBe(false);
  });
});

describe('a bundle that was touched', concurrent, () => {
  const copyOf = (folder: string, change: (files: Record<'events.jsonl' | 'ledger.bin', Buffer>) => void): string => {
    const files = { 'events.jsonl': readFileSync(join(folder, 'events.jsonl')), 'ledger.bin': readFileSync(join(folder, 'ledger.bin')) };
    change(files);
    const copy = `${folder}-copy-${Math.random().toString(36).slice(2)}`;
    mkdirSync(copy);
    for (const [name, bytes] of Object.entries(files)) writeFileSync(join(copy, name), bytes);
    return copy;
  };
  it('never passes', async () => {
    const { folder, result } = await drillInMemory();
    expect(result.findings.filter(({ verdict }) => verdict !== 'pass').map(({ id, detail }) => `${id}: ${detail}`)).toEqual([]);
    expect(result.verdict).toBe('pass');
    const cases: [string, (files: Record<'events.jsonl' | 'ledger.bin', Buffer>) => void][] = [
      ['a flipped bit in the ledger', (files) => { files['ledger.bin'][100]! ^= 1; }],
      ['a ledger that is cut off', (files) => { files['ledger.bin'] = files['ledger.bin'].subarray(0, -32); }],
      ['records added to the ledger', (files) => { files['ledger.bin'] = Buffer.concat([files['ledger.bin'], files['ledger.bin'].subarray(0, 32)]); }],
      ['a timeline that is cut off', (files) => { files['events.jsonl'] = files['events.jsonl'].subarray(0, -50); }],
      ['an event that was edited', (files) => { files['events.jsonl'] = Buffer.from(files['events.jsonl'].toString().replace('"ok":true', '"ok":false')); }],
    ];
    for (const [what, change] of cases) {
      const judged = judgeBundle(copyOf(folder, change), registries);
      expect(judged.damage, what).not.toBeNull();
      expect(judged.result.verdict, what).not.toBe('pass');
    }
  });
});
