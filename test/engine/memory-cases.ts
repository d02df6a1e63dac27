import { registries } from '../../cli/registries.ts';
import type { MemoryDrill } from '../support/memory-drill.ts';
import type { BadMemoryCase, MemoryCase } from './memory-case.ts';
import { takeovers } from './takeover-cases.ts';
import { felt, unfelt } from './unfelt-cases.ts';

/** The same faults, whose witnesses give up soon. */
const impatient = {
  ...registries,
  faults: {
    ...registries.faults,
    'wipe-volume': { ...registries.faults['wipe-volume']!, witnessDeadlineMs: 300 },
  },
};
const twoLoads = '{ rows: { target: store, rate: 300/s }, more: { target: store, rate: 200/s } }';
const forgotten = ['integrity/rows/lost-after-recovery', 'rto/store'];

/**
 * The application's table is broken, of which the ledger says nothing; nobody checks it, so that only the
 * fault asked again can tell.
 */
const ofAccounts = (fault: string, recover: string): MemoryDrill => ({
  scenario: {
    seed: '[{ run: seed, with: { rows: 200 } }]',
    fault,
    recover,
    decline: "{ store.inventory: 'only the fault is asked' }",
  },
});
const asked: [fault: string, as: string][] = [
  ['wipe-volume', '{ wipe-volume: store, at: worst }'],
  ['flush-all', '{ flush-all: store, at: worst }'],
  ['corrupt-pages', '{ corrupt-pages: store, table: accounts, pages: 2, at: +5s }'],
];
const notRepaired = asked.map(
  ([fault, as]): BadMemoryCase => ({
    name: `${fault}, after which nobody brings the application's rows back`,
    drill: ofAccounts(as, 'automatic'),
    exitCode: 1,
    red: [`still-there/${fault}/`],
    near: {
      name: `${fault}, and the application's rows are restored`,
      drill: ofAccounts(as, '[{ restore: store, from: b }]'),
    },
  }),
);

/**
 * A crash that keeps all data, with a command of the user's own among the steps: only an inventory tells what
 * that has done.
 */
export const commanded = (steps: string): MemoryDrill => ({
  hostCommands: true,
  config: '{ restartAfterMs: 0 }',
  scenario: {
    seed: '[{ run: seed, with: { rows: 200 } }]',
    protect: '[]',
    fault: '{ crash: store, at: +4s }',
    recover: `[{ command: ["true"], in: host }${steps}]`,
    attempts: '5',
  },
});

const seededBeside = (name: string): string =>
  `[{ run: seed, with: { rows: 200 }, target: store }, { run: seed, with: { rows: 50 }, target: ${name} }]`;
/**
 * The same, with an application's table in another component, which nobody breaks; `steps` may do something
 * to it.
 */
export const besides = (name: string, steps: string, config = '{}'): MemoryDrill => {
  const { scenario, ...rest } = commanded(steps);
  return {
    ...rest,
    beside: { [name]: `{ driver: memory, config: ${config} }` },
    scenario: { ...scenario, seed: seededBeside(name) },
  };
};

export const badDrills: BadMemoryCase[] = [
  {
    name: 'a backup that silently leaves records out has holes',
    drill: { config: '{ bad: { omit: { every: 10, of: groups } } }' },
    exitCode: 1,
    red: ['integrity/rows/hole'],
    near: {
      name: 'a backup of rows that are each a group of their own',
      drill: { config: '{ groupSize: 1 }' },
    },
  },
  {
    name: 'a backup that leaves half of a group out is torn',
    drill: { config: '{ bad: { omit: { every: 7, of: ids } } }' },
    exitCode: 1,
    red: ['integrity/rows/torn'],
    near: {
      name: 'a backup of groups as wide as one may be, each whole',
      drill: { config: '{ groupSize: 16 }' },
    },
  },
  {
    name: 'a schedule that stopped running is found out',
    drill: {
      config: '{ bad: { stallBackupsAfter: 1 } }',
      scenario: { points: '1', fault: '{ wipe-volume: store, at: +6s }' },
    },
    exitCode: 1,
    red: ['schedule/store'],
    near: {
      name: 'the same moment, and the schedule runs',
      drill: { scenario: { points: '1', fault: '{ wipe-volume: store, at: +6s }' } },
    },
  },
  {
    name: 'a restored database that acknowledges everything and keeps none',
    drill: { config: '{ bad: { forgetsOnceRestored: 1 } }' },
    exitCode: 1,
    red: forgotten,
    near: {
      name: 'a restored database that keeps all of it, and answers more slowly',
      drill: { config: '{ latencyMs: 1 }' },
    },
  },
  {
    name: 'a restored database that acknowledges everything and loses a tenth',
    drill: { config: '{ bad: { forgetsOnceRestored: 10 } }' },
    exitCode: 1,
    red: forgotten,
    near: {
      name: 'a restored database that keeps all of it, of pairs',
      drill: { config: '{ groupSize: 2 }' },
    },
  },
  {
    name: 'a service that comes up empty has not recovered',
    drill: { scenario: { recover: 'automatic' } },
    exitCode: 1,
    red: ['rto/store'],
    shows: ({ time }) => time.rtaMs,
    is: null,
    near: {
      name: 'a service that comes up with all that it had',
      drill: { scenario: { fault: '{ crash: store, at: +6s }', recover: 'automatic' } },
    },
  },
  {
    name: 'a loss beyond the objective misses it',
    drill: { rpo: '30s', every: '1m' },
    exitCode: 1,
    red: ['rpo/store'],
    near: { name: 'a loss within the objective', drill: { rpo: '2m', every: '1m' } },
  },
  ...notRepaired,
  ...unfelt,
  ...takeovers,
  {
    name: 'a fault that no witness saw proves nothing',
    drill: { config: '{ bad: { faults: nothing } }', registries: impatient },
    exitCode: 2,
    open: ['witness/wipe-volume'],
    near: {
      name: 'a fault whose witness saw it, restored from the other store',
      drill: { scenario: { recover: '[{ restore: store, from: a }]' } },
    },
  },
  {
    name: 'a read-back that broke off proves nothing',
    drill: { config: '{ bad: { readBack: fails } }', every: '2m' },
    exitCode: 2,
    open: ['check/ledger'],
    shows: ({ loads, data }) => [loads[0]!.classes, data.rpaMs],
    is: [null, null],
    near: {
      name: 'a read-back of a small load, whole',
      drill: { scenario: { load: '{ rows: { target: store, rate: 200/s } }' } },
    },
  },
  {
    name: 'an undo that failed is told even beside a success',
    drill: {
      config: '{ bad: { undo: fails } }',
      scenario: { fault: '{ crash: store, at: +2s }', recover: 'automatic' },
    },
    exitCode: 1,
    red: ['undo/'],
    near: {
      name: 'an undo that found it healed by itself',
      drill: { scenario: { fault: '{ crash: store, at: +5s }', recover: 'automatic' } },
    },
  },
  {
    name: 'a restore from copies that were tampered with is refused, with the reason',
    drill: {
      tamper: (bytes) => {
        bytes[bytes.length - 1]! ^= 1;
      },
    },
    exitCode: 1,
    red: ['recovery'],
    shows: ({ steps }) => [steps[0]!.ok, /b/.test(steps[0]!.error!)],
    is: [false, true],
    near: { name: 'copies that were written once more, byte for byte', drill: { tamper: (bytes) => bytes } },
  },
  {
    name: 'a restore from copies that were cut off is refused',
    drill: { tamper: (bytes) => bytes.subarray(0, bytes.length >> 1) },
    exitCode: 1,
    red: ['recovery'],
    shows: ({ steps }) => steps[0]!.ok,
    is: false,
    near: {
      name: 'copies of which either store may be asked',
      drill: { scenario: { recover: '[{ restore: store, from: [a, b] }]' } },
    },
  },
  {
    name: "a process crashed, and while commands of the user's own brought it back a table was emptied",
    drill: commanded(', { run: clear, with: { table: accounts } }'),
    exitCode: 1,
    red: ['check/store'],
    shows: ({ steps }) => steps.at(-1)!.ok,
    is: true,
    near: {
      name: 'a process crashed, and came back by itself with all that the application held',
      drill: {
        scenario: {
          seed: '[{ run: seed, with: { rows: 200 } }]',
          fault: '{ crash: store, at: +4s }',
          recover: 'automatic',
        },
      },
    },
  },
  {
    name: 'beside the process that a command brought back, a component that nobody broke was emptied',
    drill: besides('beside-emptied', ', { run: clear, target: beside-emptied, with: { table: accounts } }'),
    exitCode: 1,
    red: ['check/beside-emptied'],
    near: {
      name: 'a process came back by itself, and beside it a component holds what it held',
      drill: {
        beside: { 'beside-kept': '{ driver: memory }' },
        scenario: {
          seed: seededBeside('beside-kept'),
          fault: '{ crash: store, at: +4s }',
          recover: 'automatic',
        },
      },
    },
  },
];

export const goodDrills: MemoryCase[] = [
  ...felt,
  {
    name: 'a log replayed over a restored base',
    drill: {
      scenario: {
        protect: '[store.snapshot, store.log]',
        recover: '[{ restore: store, from: a }, { replay: store.log, from: a }]',
      },
    },
    exitCode: 0,
  },
  {
    name: 'two loads on one component, each with ids of its own',
    drill: { scenario: { load: twoLoads } },
    exitCode: 0,
    shows: ({ loads }) => loads.map(({ load, classes }) => [load, classes!.survived > 100]),
    is: [
      ['rows', true],
      ['more', true],
    ],
  },
];
