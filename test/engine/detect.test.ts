import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { registries } from '../../cli/registries.ts';
import { recordBytes } from '../../core/ledger.ts';
import { eventsOf } from '../../core/timeline.ts';
import { inflict, memoryFault } from '../../drivers/memory/system.ts';
import { drillInMemory } from '../support/memory-drill.ts';
import { findingsThat } from '../support/real-drill.ts';
import { eventsIn } from '../support/recorded.ts';

const waitedFor = async (rate: string, more: Record<string, string> = {}): Promise<number[]> => {
  const { folder, result } = await drillInMemory({
    scenario: {
      load: `{ rows: { target: store, rate: ${rate} } }`,
      seed: '[{ run: seed, with: { rows: 200 } }]',
      fault: '{ drop-table: store, table: accounts, at: +5s }',
      giveUp: '5m',
      ...more,
    },
  });
  expect(result.outcome).toBe('completed');
  return eventsOf(eventsIn(folder), 'undetected').map(({ data }) => data.waitedMs);
};

test('what clients do not ask for, they will not notice: nobody waits for a minute to see that', async () => {
  const [waitedMs, ...more] = await waitedFor('200/s');
  expect(more).toEqual([]);
  expect(waitedMs).toBeGreaterThanOrEqual(15_000);
  expect(waitedMs).toBeLessThan(16_000);
});

test('clients that ask seldom are waited for longer, and for a minute at the most', async () => {
  const [some] = await waitedFor('4/s');
  expect(some).toBeGreaterThanOrEqual(25_000);
  expect(some).toBeLessThan(60_000);
  const [few] = await waitedFor('1/s');
  expect(few).toBeGreaterThanOrEqual(60_000);
});

test('where clients are promised to notice nothing, they are watched for the whole minute', async () => {
  const [all] = await waitedFor('200/s', { impact: 'none' });
  expect(all).toBeGreaterThanOrEqual(60_000);
  const [one] = await waitedFor('200/s', { load: '{ rows: { target: store, rate: 200/s, impact: none } }' });
  expect(one).toBeGreaterThanOrEqual(60_000);
});

/** Clients meet it only so long after it was injected: a disk that fills, a cache that runs out. */
const metAfter = (ms: number) =>
  memoryFault({
    about: 'clients meet it later',
    params: z.strictObject({}),
    witnessDeadlineMs: 5_000,
    inject: async (system) => {
      const { clock, database } = system;
      clock.after(ms, () => database.die());
      const seen = () => ({ what: 'it is on its way', facts: {} });
      return inflict(system, 'late', { act: () => undefined, seen });
    },
  });
const memory = registries.drivers['memory']!;
const promisedNothing = (ms: number) =>
  drillInMemory({
    scenario: { fault: '{ late: store, at: +3s }', recover: 'automatic', impact: 'none', giveUp: '5m' },
    registries: {
      ...registries,
      drivers: {
        ...registries.drivers,
        memory: { ...memory, faults: { ...memory.faults, late: metAfter(ms) } },
      },
    },
  });

test('a promise that clients notice nothing is broken by what they meet half a minute later', async () => {
  const { result } = await promisedNothing(30_000);
  expect(findingsThat('fail', result)).toContain('impact/none');
  expect(result.exitCode).toBe(1);
});

/** From what a probe noticed to the beginning of the recovery. */
const beforeActing = async (broken: string, recover = '[{ restore: store, from: b }]', rate = '5/s') => {
  const { folder, result } = await drillInMemory({
    beside: { [broken === 'store' ? 'spare-whole' : broken]: '{ driver: memory }' },
    scenario: {
      load: `{ rows: { target: store, rate: ${rate} } }`,
      protect: recover === 'automatic' ? '[]' : '[store.snapshot]',
      fault: `{ stop: ${broken}, at: +25s }`,
      recover,
      giveUp: '20s',
      staysAway: `[${broken}]`,
    },
  });
  const atOf = (type: 'detected' | 'recovery.begun'): number => eventsOf(eventsIn(folder), type)[0]!.atMs;
  const [seen] = eventsOf(eventsIn(folder), 'detected');
  const [from, until] = [atOf('detected'), atOf('recovery.begun')];
  const bytes = readFileSync(join(folder, 'ledger.bin'));
  // What one operation wrote has one time.
  const all = new Set(
    Array.from({ length: bytes.length / recordBytes }, (_, i) => bytes.readDoubleLE(i * recordBytes + 16)),
  );
  const asked = [...all].filter((invokedMs) => invokedMs >= from && invokedMs < until).length;
  return { by: seen!.data.by, waitedMs: until - from, asked, result };
};

test('before anybody acts on what a probe noticed, clients that meet nothing of it have asked for a while', async () => {
  const { by, waitedMs, result } = await beforeActing('spare-probed');
  expect(by).toBe('probe');
  expect(waitedMs).toBeGreaterThanOrEqual(1_000);
  expect(waitedMs).toBeLessThan(1_100);
  expect(findingsThat('inconclusive', result)).toContain('service/felt');
});

test('clients that come once in two seconds have asked twice by then, and no longer is waited', async () => {
  const { by, waitedMs, asked } = await beforeActing('spare-seldom', undefined, '30/m');
  expect([by, asked]).toEqual(['probe', 2]);
  expect(waitedMs).toBeLessThan(4_100);
});

test('of those that come more seldom than every five seconds nobody waits for longer than ten', async () => {
  const { by, waitedMs, asked } = await beforeActing('spare-rare', undefined, '4/m');
  expect([by, asked]).toEqual(['probe', 1]);
  expect(waitedMs).toBeGreaterThanOrEqual(10_000);
  expect(waitedMs).toBeLessThan(10_100);
});

test('and those that meet it have failed', async () => {
  const { by, waitedMs, result } = await beforeActing('store');
  expect(by).toBe('probe');
  expect(waitedMs).toBeGreaterThan(0);
  expect(waitedMs).toBeLessThan(300);
  expect(result.time.impactMs!).toBeLessThan(result.time.recoveryBegunMs!);
  expect(result.time.rtaMs).not.toBeNull();
});

test('nobody is waited for where nobody acts', async () => {
  const { by, waitedMs } = await beforeActing('spare-left', 'automatic');
  expect([by, waitedMs < 10]).toEqual(['probe', true]);
});
