import type { BadMemoryCase, MemoryCase } from './memory-case.ts';

/** What was broken is nothing that clients use, and they fail by the recovery. */
export const unfelt: BadMemoryCase[] = [
  {
    name: 'a spare that no client uses is stopped, and what they fail by is the restore of what they do use',
    drill: {
      beside: { 'spare-unused': '{ driver: memory }' },
      scenario: { fault: '{ stop: spare-unused, at: +6s }', staysAway: '[spare-unused]' },
    },
    exitCode: 2,
    open: ['service/felt'],
    near: {
      name: 'a spare that no client uses stands by, and what they use is stopped and restored',
      drill: {
        beside: { 'spare-standing-by': '{ driver: memory }' },
        scenario: { fault: '{ stop: store, at: +6s }' },
      },
    },
  },
  {
    name: 'a spare is stopped in the middle of a restore that nothing called for',
    drill: {
      beside: { 'spare-meanwhile': '{ driver: memory }' },
      scenario: {
        fault: '[{ bucket-emptied: b, at: +6s }, { stop: spare-meanwhile, at: restore.begun }]',
        recover: '[{ restore: store, from: a }]',
        staysAway: '[spare-meanwhile]',
      },
    },
    exitCode: 2,
    open: ['service/felt'],
    near: {
      name: 'what they use lost its data, and a store is emptied in the middle of the restore',
      drill: {
        scenario: {
          fault: '[{ wipe-volume: store, at: worst }, { bucket-emptied: b, at: restore.begun }]',
          recover: '[{ restore: store, from: a }]',
        },
      },
    },
  },
];

/** Clients meet what was broken, however little they ask before somebody acts. */
export const felt: MemoryCase[] = [
  {
    name: 'clients come five times a second, and a probe notices before them',
    drill: {
      scenario: {
        load: '{ rows: { target: store, rate: 5/s } }',
        fault: '{ stop: store, at: +25s }',
        giveUp: '20s',
      },
    },
    exitCode: 0,
  },
  {
    name: 'clients hang, and give up only when the recovery has begun',
    drill: { scenario: { fault: '{ pause: store, at: +6s }' } },
    exitCode: 0,
  },
  {
    name: 'a spare is stopped that nobody uses, and with it what clients use',
    drill: {
      beside: { 'spare-beside': '{ driver: memory }' },
      scenario: {
        fault: '[{ stop: spare-beside, at: +6s }, { stop: store, at: +6s }]',
        staysAway: '[spare-beside]',
      },
    },
    exitCode: 0,
  },
];
