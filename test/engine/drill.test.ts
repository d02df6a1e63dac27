import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { registries } from '../../cli/registries.ts';
import type { Phase } from '../../core/timeline.ts';
import { readChain } from '../../evidence/chain.ts';
import type { DrillResult } from '../../core/result.ts';
import { judgeBundle } from '../../evidence/bundle.ts';
import { drillInMemory } from '../support/memory-drill.ts';
import type { MemoryCase } from './memory-case.ts';
import { badDrills, goodDrills } from './memory-cases.ts';

const red = (result: DrillResult): string[] =>
  result.findings.filter((one) => one.verdict === 'fail').map((one) => one.id);

describe('a drill that goes as promised', () => {
  it('passes, and its bundle gives the same result again', async () => {
    const { folder, result } = await drillInMemory();
    expect(red(result)).toEqual([]);
    expect(result.verdict).toBe('pass');
    expect(result.exitCode).toBe(0);
    expect(result.time.rtaMs).toBeGreaterThan(0);
    expect(result.data.rpaMs).toBeGreaterThan(0);
    expect(result.loads[0]!.classes!.lost + result.loads[0]!.classes!.stale).toBeGreaterThan(0);
    expect(judgeBundle(folder, registries).result).toEqual(
      JSON.parse(readFileSync(join(folder, 'result.json'), 'utf8')),
    );
    for (const name of [
      'events.jsonl',
      'ledger.bin',
      'result.json',
      'junit.xml',
      'summary.md',
      'report.html',
      'manifest.json',
    ])
      expect(existsSync(join(folder, name)), name).toBe(true);
    for (const name of ['stores', 'scratch']) expect(existsSync(join(folder, name)), name).toBe(false);
  });
  it('has a waterfall that adds up to the total', async () => {
    const { result } = await drillInMemory();
    const sum = result.waterfall.reduce((total, { beginMs, endMs }) => total + endMs - beginMs, 0);
    expect(sum).toBeCloseTo(result.time.verifiedMs! - result.time.faultMs!, 3);
  });
});

function expectAsSaid(
  { result }: { result: DrillResult },
  { exitCode, red: fails = [], open = [], shows, is }: MemoryCase,
): void {
  expect(result.exitCode).toBe(exitCode);
  for (const [verdict, begins] of [
    ...fails.map((id) => ['fail', id]),
    ...open.map((id) => ['inconclusive', id]),
  ] as const) {
    const found = result.findings.filter(({ id }) => id.startsWith(begins!));
    expect(found, begins).toContainEqual(expect.objectContaining({ verdict, gate: true }));
  }
  if (exitCode === 0) expect(red(result)).toEqual([]);
  expect(result.verdict === 'pass').toBe(exitCode === 0);
  expect(shows?.(result)).toEqual(is);
}

describe('drills that must pass', () => {
  it.each(badDrills)('beside "$name": $near.name', async ({ near }) =>
    expectAsSaid(await drillInMemory(near.drill), { ...near, exitCode: 0 }),
  );
  it.each(goodDrills)('$name', async (one) => expectAsSaid(await drillInMemory(one.drill), one));
});

describe('drills that must not pass', () => {
  it.each(badDrills)('$name', async (one) => expectAsSaid(await drillInMemory(one.drill), one));
  it('what the one of two loads on a component lost is told of it alone', async () => {
    const { result } = await drillInMemory({
      config: '{ bad: { forgetsOnceRestored: 2 } }',
      scenario: { load: '{ rows: { target: store, rate: 300/s }, more: { target: store, rate: 200/s } }' },
    });
    expect(red(result)).toEqual(
      expect.arrayContaining(['integrity/rows/lost-after-recovery', 'integrity/more/lost-after-recovery']),
    );
    expect(red(result).filter((id) => /phantom|corrupt|torn/.test(id))).toEqual([]);
  });
});

describe('an interrupted drill', () => {
  it.each<Phase>(['up', 'seed', 'protect', 'break', 'detect', 'recover', 'verify'])(
    'in phase %s heals, and leaves a bundle that is whole and never passes',
    async (phase) => {
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
    },
  );
});

describe('a bundle that was touched', () => {
  const copyOf = (
    folder: string,
    change: (files: Record<'events.jsonl' | 'ledger.bin', Buffer>) => void,
  ): string => {
    const files = {
      'events.jsonl': readFileSync(join(folder, 'events.jsonl')),
      'ledger.bin': readFileSync(join(folder, 'ledger.bin')),
    };
    change(files);
    const copy = `${folder}-copy-${Math.random().toString(36).slice(2)}`;
    mkdirSync(copy);
    for (const [name, bytes] of Object.entries(files)) writeFileSync(join(copy, name), bytes);
    return copy;
  };
  it('never passes', async () => {
    const { folder, result } = await drillInMemory();
    expect(
      result.findings.filter(({ verdict }) => verdict !== 'pass').map(({ id, detail }) => `${id}: ${detail}`),
    ).toEqual([]);
    expect(result.verdict).toBe('pass');
    const cases: [string, (files: Record<'events.jsonl' | 'ledger.bin', Buffer>) => void][] = [
      [
        'a flipped bit in the ledger',
        (files) => {
          files['ledger.bin'][100]! ^= 1;
        },
      ],
      [
        'a ledger that is cut off',
        (files) => {
          files['ledger.bin'] = files['ledger.bin'].subarray(0, -32);
        },
      ],
      [
        'records added to the ledger',
        (files) => {
          files['ledger.bin'] = Buffer.concat([files['ledger.bin'], files['ledger.bin'].subarray(0, 32)]);
        },
      ],
      [
        'a timeline that is cut off',
        (files) => {
          files['events.jsonl'] = files['events.jsonl'].subarray(0, -50);
        },
      ],
      [
        'an event that was edited',
        (files) => {
          files['events.jsonl'] = Buffer.from(
            files['events.jsonl'].toString().replace('"ok":true', '"ok":false'),
          );
        },
      ],
    ];
    for (const [what, change] of cases) {
      const judged = judgeBundle(copyOf(folder, change), registries);
      expect(judged.damage, what).not.toBeNull();
      expect(judged.result.verdict, what).not.toBe('pass');
    }
  });
});
