import { expect, test } from 'vitest';
import { registries as ours } from '../../cli/registries.ts';
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

/** A server behind another port of the same service may have taken over from it. */
const staysAway = (name: string): MemoryDrill => {
  const { scenario, ...drill } = backByItself(name, asItWas, { other: '{ service: way, port: 6380 }' });
  return {
    ...drill,
    scenario: {
      ...scenario,
      load: '{ rows: { target: store, rate: 200/s, impact: none } }',
      fault: `{ stop: ${name}, at: +4s }`,
      staysAway: `[${name}]`,
      impact: 'none',
    },
  };
};

test('where it stays away and nobody serves in its place, there is nothing to look at', async () => {
  const result = await resultOf(staysAway('queue-away'));
  expect(inventory(result)).toEqual([]);
  expect(result).toMatchObject({ verdict: 'pass', exitCode: 0 });
});

test('where it stays away, and what clients find now cannot be looked at, that is open', async () => {
  const { registries = ours, ...drill } = staysAway('queue-unseen');
  const memory = registries.drivers['memory']!;
  const attach: typeof memory.attach = async (context) => {
    const opened = await memory.attach(context);
    if (context.component !== 'queue-unseen') return opened;
    const after = (): Promise<never> => Promise.reject(new Error('no right to read accounts'));
    const { inventory: whole } = opened.checks;
    return Object.assign(opened, { checks: { ...opened.checks, inventory: { ...whole!, after } } });
  };
  const result = await resultOf({
    ...drill,
    registries: { ...registries, drivers: { ...registries.drivers, memory: { ...memory, attach } } },
  });
  expect(inventory(result)).toContainEqual([
    'inconclusive',
    'could not be carried out: no right to read accounts',
  ]);
  expect(result.exitCode).toBe(2);
});

test('what an application changed is no matter where the other server has clients of its own', async () => {
  const loads = ', own: { target: store, rate: 200/s }';
  const result = await resultOf(backByItself('queue-beside-another', oneFewer, { loads }));
  expect(inventory(result)).toEqual([]);
  expect(result).toMatchObject({ verdict: 'pass', exitCode: 0 });
});
