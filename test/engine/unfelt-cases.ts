import type { BadMemoryCase } from './memory-case.ts';

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
