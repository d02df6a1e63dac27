import { expect, test } from 'vitest';
import type { DrillResult } from '../../core/result.ts';
import { drillInMemory, type MemoryDrill } from '../support/memory-drill.ts';
import { asItWas, backByItself, oneFewer } from './takeover-cases.ts';

const resultOf = async (drill: MemoryDrill): Promise<DrillResult> => (await drillInMemory(drill)).result;
const inventory = ({ findings }: DrillResult) =>
  findings
    .filter(({ id }) => /^check\/.*inventory$/.test(id))
    .map(({ verdict, detail }) => [verdict, detail]);

test('what differs is open where another server may have taken over, and it is said how to tell', async () => {
  const result = await resultOf(backByItself('queue-changed', oneFewer));
  expect(inventory(result)).toEqual([
    [
      'inconclusive',
      expect.stringMatching(/50 before, 49 now: another server .* or an application changed it/),
    ],
  ]);
  expect(result.exitCode).toBe(2);
});

test('what vanished as a whole no application did to itself', async () => {
  const result = await resultOf(backByItself('queue-emptied', ({ rows }) => rows.clear()));
  expect(inventory(result)).toEqual([['fail', 'accounts: 50 before, 0 now']]);
  expect(result.exitCode).toBe(1);
});

test('where nothing differs, another server may have taken over and holds it all', async () => {
  const result = await resultOf(backByItself('queue-kept', asItWas));
  expect(inventory(result)).toEqual([['pass', '1 tables as before']]);
  expect(result).toMatchObject({ verdict: 'pass', exitCode: 0 });
});

test('where it stays away and nobody serves in its place, there is nothing to look at', async () => {
  const { scenario, ...drill } = backByItself('queue-away', asItWas, {
    other: '{ service: way, port: 6380 }',
  });
  const result = await resultOf({
    ...drill,
    scenario: {
      ...scenario,
      load: '{ rows: { target: store, rate: 200/s, impact: none } }',
      fault: '{ stop: queue-away, at: +4s }',
      staysAway: '[queue-away]',
      impact: 'none',
    },
  });
  expect(inventory(result)).toEqual([]);
  expect(result).toMatchObject({ verdict: 'pass', exitCode: 0 });
});

test('what an application changed is no matter where the other server has clients of its own', async () => {
  const loads = ', own: { target: store, rate: 200/s }';
  const result = await resultOf(backByItself('queue-beside-another', oneFewer, { loads }));
  expect(inventory(result)).toEqual([]);
  expect(result).toMatchObject({ verdict: 'pass', exitCode: 0 });
});
