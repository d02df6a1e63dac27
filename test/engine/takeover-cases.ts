import { z } from 'zod';
import { registries } from '../../cli/registries.ts';
import type { Database } from '../../drivers/memory/database.ts';
import { inflict, memoryFault } from '../../drivers/memory/system.ts';
import type { MemoryDrill } from '../support/memory-drill.ts';
import type { BadMemoryCase } from './memory-case.ts';

export type Alter = (rows: Database['tables'] extends Map<string, infer Table> ? Table : never) => void;

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

export const oneFewer: Alter = ({ rows }) => void rows.delete([...rows.keys()][0]!);
export const asItWas: Alter = () => undefined;

/** `loads`: more of them. `other`: where clients come to a third server of the kind. */
interface Beside {
  recover?: string;
  loads?: string;
  other?: string;
}

/**
 * A component with a way in of its own comes back by itself, beside a server of its kind that has none.
 */
export function backByItself(
  name: string,
  alter: Alter,
  { recover = 'automatic', loads = '', other }: Beside = {},
): MemoryDrill {
  const memory = registries.drivers['memory']!;
  const faults = { ...memory.faults, 'crash-alone': comesBackWith(alter) };
  return {
    beside: {
      [name]: '{ driver: memory, clients: { service: way, port: 6379 } }',
      ...(other === undefined ? {} : { [`${name}-other`]: `{ driver: memory, clients: ${other} }` }),
    },
    scenario: {
      load: `{ rows: { target: ${name}, rate: 200/s }${loads} }`,
      seed: `[{ run: seed, with: { rows: 50 }, target: ${name} }]`,
      protect: '[]',
      fault: `{ crash-alone: ${name}, at: +4s }`,
      recover,
    },
    registries: { ...registries, drivers: { ...registries.drivers, memory: { ...memory, faults } } },
  };
}

/** A step that has nothing to do with what was broken. */
const harmless = { recover: '[{ run: seed, target: store, with: { table: news, rows: 1 } }]' };
/** The server without a way in has clients of its own: another application's. */
const own = ', own: { target: store, rate: 200/s }';

/** Another server may have taken over from what was broken, and nobody checks what clients find now. */
export const takeovers: BadMemoryCase[] = [
  {
    name: 'a server took over, a step did something else, and a row that clients had is not there',
    drill: backByItself('queue-stepped', oneFewer, harmless),
    exitCode: 2,
    open: ['check/queue-stepped.inventory'],
    near: {
      name: 'a server may have taken over, a step did something else, and all that clients had is there',
      drill: backByItself('queue-stepped-whole', asItWas, harmless),
    },
  },
  {
    name: 'a server took over, a step did something else, and a table that clients had is empty',
    drill: backByItself('queue-stepped-emptied', ({ rows }) => rows.clear(), harmless),
    exitCode: 1,
    red: ['check/queue-stepped-emptied.inventory'],
    near: {
      name: 'a step did something else, and no server is left that may have taken over',
      drill: backByItself('queue-stepped-alone', oneFewer, { ...harmless, loads: own }),
    },
  },
  {
    name: 'a server behind another port of the same service took over, and a row that clients had is not there',
    drill: backByItself('queue-port', oneFewer, { loads: own, other: '{ service: way, port: 6380 }' }),
    exitCode: 2,
    open: ['check/queue-port.inventory'],
    near: {
      name: 'an application changed a row of a server that came back, and the other has a service of its own',
      drill: backByItself('queue-service', oneFewer, {
        loads: own,
        other: '{ service: its-own, port: 6379 }',
      }),
    },
  },
];
