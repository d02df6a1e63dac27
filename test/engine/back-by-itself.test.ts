import { expect, test } from 'vitest';
import { z } from 'zod';
import { registries } from '../../cli/registries.ts';
import type { DrillResult } from '../../core/result.ts';
import type { Database } from '../../drivers/memory/database.ts';
import { inflict, memoryFault } from '../../drivers/memory/system.ts';
import { drillInMemory } from '../support/memory-drill.ts';

type Alter = (rows: Database['tables'] extends Map<string, infer Table> ? Table : never) => void;

/** Its process dies, and a second after it is back its table of accounts is another. */
const comesBackWith = (alter: Alter) =>
  memoryFault({
    about: 'a process dies and comes back by itself, and meanwhile a table changes',
    params: z.strictObject({}),
    witnessDeadlineMs: 5_000,
    inject: async (system) => {
      const { clock, database } = system;
      const { pid } = database;
      clock.after(1_000, () => alter(database.tables.get('accounts')!));
      const seen = () => (database.pid === pid ? null : { what: 'another process', facts: {} });
      return inflict(system, 'crash', { act: () => database.die(), seen });
    },
  });

/**
 * A component with a way in of its own comes back by itself, beside a server of its kind that has none.
 * `loads`: more of them.
 */
async function backByItself(name: string, alter: Alter, loads = ''): Promise<DrillResult> {
  const memory = registries.drivers['memory']!;
  const faults = { ...memory.faults, 'crash-alone': comesBackWith(alter) };
  const { result } = await drillInMemory({
    beside: { [name]: '{ driver: memory, clients: { service: way, port: 6379 } }' },
    scenario: {
      load: `{ rows: { target: ${name}, rate: 200/s }${loads} }`,
      seed: `[{ run: seed, with: { rows: 50 }, target: ${name} }]`,
      protect: '[]',
      fault: `{ crash-alone: ${name}, at: +4s }`,
      recover: 'automatic',
    },
    registries: { ...registries, drivers: { ...registries.drivers, memory: { ...memory, faults } } },
  });
  return result;
}

const inventory = ({ findings }: DrillResult) =>
  findings
    .filter(({ id }) => /^check\/.*inventory$/.test(id))
    .map(({ verdict, detail }) => [verdict, detail]);
const oneFewer: Alter = ({ rows }) => void rows.delete([...rows.keys()][0]!);

test('what differs is open where another server may have taken over, and it is said how to tell', async () => {
  const result = await backByItself('queue-changed', oneFewer);
  expect(inventory(result)).toEqual([
    [
      'inconclusive',
      expect.stringMatching(/50 before, 49 now: another server .* or an application changed it/),
    ],
  ]);
  expect(result.exitCode).toBe(2);
});

test('what vanished as a whole no application did to itself', async () => {
  const result = await backByItself('queue-emptied', ({ rows }) => rows.clear());
  expect(inventory(result)).toEqual([['fail', 'accounts: 50 before, 0 now']]);
  expect(result.exitCode).toBe(1);
});

test('where nothing differs, another server may have taken over and holds it all', async () => {
  const result = await backByItself('queue-kept', () => undefined);
  expect(inventory(result)).toEqual([['pass', '1 tables as before']]);
  expect(result).toMatchObject({ verdict: 'pass', exitCode: 0 });
});

test('what an application changed is no matter where the other server has clients of its own', async () => {
  const other = ', own: { target: store, rate: 200/s }';
  const result = await backByItself('queue-beside-another', oneFewer, other);
  expect(inventory(result)).toEqual([]);
  expect(result).toMatchObject({ verdict: 'pass', exitCode: 0 });
});
