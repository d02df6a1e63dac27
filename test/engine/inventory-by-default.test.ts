import { describe, expect, test } from 'vitest';
import { registries } from '../../cli/registries.ts';
import { judgeBundle } from '../../evidence/bundle.ts';
import type { TimelineEvent } from '../../core/timeline.ts';
import type { DrillResult } from '../../core/result.ts';
import { copyOf, forgeManifest, rechain } from '../support/forgery.ts';
import { drillInMemory, type MemoryDrill } from '../support/memory-drill.ts';
import { besides, commanded } from './memory-cases.ts';
import { eventsIn } from '../support/recorded.ts';

const inventory = ({ findings }: DrillResult) =>
  findings.filter(({ id }) => /^check\/.*inventory$/.test(id)).map(({ verdict }) => verdict);
const seeded = (scenario: Record<string, string> = {}): MemoryDrill => ({
  scenario: { seed: '[{ run: seed, with: { rows: 200 } }]', ...scenario },
});

describe('the inventory of what a fault or a restore touched', () => {
  test('runs although the scenario names none', async () => {
    const { result } = await drillInMemory(seeded());
    expect(inventory(result)).toEqual(['pass']);
    expect(result.verdict).toBe('pass');
  });
  test('fails a drill that the ledger alone would pass', async () => {
    const { result } = await drillInMemory(
      seeded({
        fault: '{ flush-all: store, at: +5s }',
        recover: '[{ restore: store, from: b, point: newest }, { run: clear, with: { table: accounts } }]',
      }),
    );
    expect(inventory(result)).toEqual(['fail']);
    expect(result.exitCode).toBe(1);
  });
  test('is made once where the scenario names it', async () => {
    expect(inventory((await drillInMemory(seeded({ check: '[ledger, inventory]' }))).result)).toEqual([
      'pass',
    ]);
  });
  test('says nothing of a component without data of an application', async () => {
    const { result } = await drillInMemory();
    expect(inventory(result)).toEqual([]);
    expect(result.verdict).toBe('pass');
  });
  test('does not run for a process that crashed and kept its data', async () => {
    expect(
      inventory(
        (await drillInMemory(seeded({ fault: '{ crash: store, at: +4s }', recover: 'automatic' }))).result,
      ),
    ).toEqual([]);
  });
  test("runs where a command of the user's own may have touched it, and passes where that touched nothing", async () => {
    expect(inventory((await drillInMemory(commanded(''))).result)).toEqual(['pass']);
  });
  test('beside a command is no matter of what an application changes in another component by right', async () => {
    const { result } = await drillInMemory(
      besides('beside-changed', ', { run: seed, target: beside-changed, with: { table: news, rows: 10 } }'),
    );
    expect(result.steps.at(-1)!.ok).toBe(true);
    expect(inventory(result)).toEqual(['pass']);
  });
  test('beside a command is open where what was there could not be noted, and says so', async () => {
    const { result } = await drillInMemory(besides('beside-unnoted', '', '{ bad: { unnoted: true } }'));
    expect(result.findings.find(({ id }) => id === 'check/beside-unnoted.inventory')).toMatchObject({
      verdict: 'inconclusive',
      gate: true,
      detail: expect.stringMatching(/what beside-unnoted held before the load could not be noted/) as string,
    });
  });
  test('beside a command is damage where what was noted is left out, and where nothing is said of it', async () => {
    const { folder } = await drillInMemory(besides('beside-left-out', ''));
    const about = ({ type, data }: TimelineEvent): boolean =>
      type.startsWith('check.') && (data as { check: string }).check === 'beside-left-out.inventory';
    for (const [type, says] of [
      [
        'check.baseline',
        /check beside-left-out\.inventory compares, and what it compares with was never noted/,
      ],
      ['check.ended', /check beside-left-out\.inventory never ended|is not followed by/],
    ] as const) {
      const bundle = copyOf(folder);
      rechain(
        bundle,
        eventsIn(folder).filter((event) => !(about(event) && event.type === type)),
      );
      forgeManifest(bundle);
      expect(judgeBundle(bundle, registries).damage).toMatch(says);
    }
    expect(judgeBundle(folder, registries).damage).toBe(null);
  });
  test('is declined with a reason, which the report prints', async () => {
    const { result } = await drillInMemory(
      seeded({ decline: '{ store.inventory: the table is rebuilt by hand }' }),
    );
    expect(inventory(result)).toEqual([]);
    expect(result.limitations).toContainEqual(
      expect.stringMatching(/\.inventory was declined by the scenario: the table is rebuilt by hand\.$/),
    );
  });
  test('cannot be declined where it would not run', async () => {
    await expect(drillInMemory(seeded({ decline: '{ shop.inventory: no reason }' }))).rejects.toThrow(
      /shop\.inventory/,
    );
  });
});
