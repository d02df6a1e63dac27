import { forged, last, remove, type Contradiction } from './forging.ts';

/** What the plan, or another event, promises to be there. */
export const ofPromises: Contradiction[] = [
  {
    what: 'that a fault was asked again is left out',
    base: 'dropped',
    alter: forged((events) => remove(events, ({ type }) => type === 'fault.asked-again')),
    says: /fault\.injected\) and the events differ on whether it was asked if drop-table is still there/,
  },
  {
    what: 'that a fault was asked again is left out, and that it can be',
    base: 'dropped',
    alter: forged((events) => {
      remove(events, ({ type }) => type === 'fault.asked-again');
      delete last(events, 'fault.injected').data.asks;
    }),
    says: /fault\.injected\) says that nobody asks whether drop-table is still there/,
  },
  {
    what: 'that a fault was asked again which only this drill could ask is left out',
    base: 'seeded',
    alter: forged((events) => remove(events, ({ type }) => type === 'fault.asked-again')),
    says: /differ on whether it was asked if wipe-volume is still there/,
  },
  {
    what: 'that a log broke is left out',
    base: 'log',
    alter: forged((events) => remove(events, ({ type }) => type === 'log.broken')),
    says: /log\.ended\) and the events differ on whether \S+\.log broke/,
  },
  {
    what: 'that a log broke is left out, and how it ended',
    base: 'log',
    alter: forged((events) => remove(events, ({ type }) => type === 'log.broken' || type === 'log.ended')),
    says: /nothing says how following \S+\.log ended/,
  },
  {
    what: 'a log ended with another part than its last',
    base: 'log',
    alter: forged((events) => void (last(events, 'log.ended').data.lastSegment += 1)),
    says: /log\.ended\) ends \S+\.log with segment \d+, and the last one is \d+/,
  },
  {
    what: 'what a check compares with is left out, and the check is there',
    base: 'seeded',
    alter: forged((events) => remove(events, ({ type }) => type === 'check.baseline')),
    says: /the check \S+\.inventory compares, and what it compares with was never noted/,
  },
];
