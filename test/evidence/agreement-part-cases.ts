import { eventsOf } from '../../core/timeline.ts';
import { dataOf, drop, planOf, storeOf, type Case } from './agreement-edits.ts';

/** Each part of the plan is there, as it was planned. */
export const ofParts: Case[] = [
  [
    'a component that was never attached',
    'ofTwo',
    (events) =>
      drop(
        events,
        ({ type, data }) =>
          type === 'component.attached' && 'component' in data && data.component === 'other',
      ),
    /there is no component\.attached of other/,
  ],
  [
    'a component by another driver',
    'good',
    (events) => void (dataOf(events, 'component.attached').driver = 'redis'),
    /has \S+ by redis in/,
  ],
  [
    'parameters of a fault',
    'good',
    (events) => void (dataOf(events, 'fault.begun').params = { gently: true }),
    /parameters of wipe-volume that are not planned/,
  ],
  [
    'how many changes were under way at a fault',
    'good',
    (events) => void delete dataOf(events, 'fault.begun').underWay,
    /fault\.begun\) does not say how many changes were under way at wipe-volume: it was left out, or recorded before/,
  ],
  [
    'whether a fault took data away',
    'good',
    (events) => void delete dataOf(events, 'fault.begun').losesData,
    /fault\.begun\) does not say that wipe-volume takes all data: it was left out, or recorded before/,
  ],
  [
    'that a fault took all that there was',
    'good',
    (events) => void (dataOf(events, 'fault.begun').losesData = true),
    /fault\.begun\) does not say that wipe-volume takes all data: it was left out, or recorded before/,
  ],
  [
    'that a fault took data away which takes none',
    'alone',
    (events) => void (dataOf(events, 'fault.begun').losesData = true),
    /fault\.begun\) says that crash takes data, which it does not/,
  ],
  [
    'what a step was',
    'good',
    (events) => {
      for (const { data } of eventsOf(events, 'step.begun', 'step.ended')) data.title = 'restore it from z';
    },
    /calls step 0 restore it from z, and it is restore \S+ from b/,
  ],
  [
    'what clients of a load do',
    'good',
    (events) => void (dataOf(events, 'load.begun').kind = 'visits'),
    /has rows as visits/,
  ],
  [
    'a check that was made by default, with what it was to compare with',
    'seeded',
    (events) => drop(events, ({ type }) => type === 'check.baseline' || type === 'check.ended'),
    /the check \S+\.inventory never ended/,
  ],
  [
    'a check by name that had nothing to say',
    'seeded',
    (events) => {
      planOf(events).scenario.check = ['inventory'];
      const named = { check: 'inventory' };
      for (const { data } of eventsOf(events, 'check.baseline')) Object.assign(data, named);
      const ended = eventsOf(events, 'check.ended')[0]!;
      Object.assign(ended, { type: 'check.silent', data: { ...named, detail: 'nothing' } });
    },
    /check\.silent\) is of a check that does not run by default/,
  ],
  [
    'that another component does not stand',
    'ofTwo',
    (events) => drop(events, ({ type, data }) => type === 'asked' && 'of' in data && data.of === 'other'),
    /there is no asked of component other/,
  ],
  [
    'that what was broken had not stood before',
    'good',
    (events) => void Object.assign(dataOf(events, 'asked'), { ready: false, stood: false }),
    /was broken or restored, had not stood before/,
  ],
  [
    'that nobody asked for was asked',
    'good',
    (events) => void (dataOf(events, 'asked').of = 'nobody'),
    /asked\) is of component nobody, which is not planned/,
  ],
  [
    'when it was ready, where nobody acted',
    'alone',
    (events) => drop(events, ({ type }) => type === 'ready'),
    /was broken, nobody acted, and the observation ended before it was ready/,
  ],
  [
    'a way in that nobody names',
    'good',
    (events) => {
      const at = events.findIndex(({ type }) => type === 'fault.injected');
      const data = {
        id: 'fault-1',
        fault: 'wipe-volume',
        target: storeOf(events),
        port: 7,
        usedBy: ['shop'],
      };
      events.splice(at, 0, { ...events[at]!, type: 'fault.route', data } as (typeof events)[number]);
    },
    /fault\.route\) has others come by port 7/,
  ],
];
