import { eventsOf } from '../../core/timeline.ts';
import { planOf, storeOf, dataOf, put, drop, faultMs, type Case } from './agreement-edits.ts';

export const ofThePlan: Case[] = [
  [
    'the interval of a schedule',
    'good',
    (events) => void (dataOf(events, 'schedule.begun').intervalMs = 30_000),
    /has another interval of \S+ than is declared/,
  ],
  [
    'how often a schedule runs',
    'good',
    (events) => void (dataOf(events, 'schedule.begun').scaledMs = 60_000),
    /every 60000 ms, and not every 2000 ms/,
  ],
  [
    'by whose clock a schedule runs',
    'good',
    (events) => void (dataOf(events, 'schedule.begun').follows = { service: 'cron' }),
    /says otherwise by whose clock/,
  ],
  [
    'a measured pace, where the time scale is named',
    'good',
    (events) => {
      const { backup, point } = dataOf(events, 'backup.durable');
      put(events, 70, 'schedule.measured', { backup, point, tookMs: 1, scaledMs: 60_000, factor: 1 });
    },
    /measures a pace, and the time scale is named/,
  ],
  [
    'a measured pace that is not of what it took',
    'measured',
    (events) => void Object.assign(dataOf(events, 'schedule.measured'), { scaledMs: 60_000, factor: 60 }),
    /runs every 60000 ms/,
  ],
  [
    'a measured pace of a run that took no such time',
    'measured',
    (events) =>
      void Object.assign(dataOf(events, 'schedule.measured'), {
        tookMs: 30_000,
        scaledMs: 60_000,
        factor: 60,
      }),
    /took 30000 ms/,
  ],
  [
    'what is in the points of a backup',
    'good',
    (events) => void (dataOf(events, 'schedule.begun').holds = 'software'),
    /what is in the points/,
  ],
  [
    'what is in none of the points of a backup',
    'good',
    (events) => void (dataOf(events, 'schedule.begun').leavesOut = ['nothing of use']),
    /says otherwise what is in none of the points/,
  ],
  [
    'a backup that is not protected',
    'good',
    (events) => void (planOf(events).scenario.protect = []),
    /which is not planned/,
  ],
  [
    'a schedule that never began',
    'withLog',
    (events) =>
      drop(
        events,
        ({ type, data }) => type === 'schedule.begun' && 'method' in data && data.method === 'journal',
      ),
    /which does not run|never began/,
  ],
  [
    'copies that a point was not made in',
    'good',
    (events) => void (dataOf(events, 'backup.durable').copies = ['b']),
    /differ on a copy in a/,
  ],
  [
    'that nobody had to act',
    'good',
    (events) => void (dataOf(events, 'recovery.begun').automatic = true),
    /that nobody acts/,
  ],
  [
    'a step that is none',
    'good',
    (events) =>
      put(events, faultMs(events) + 1, 'step.ended', {
        id: 'step-9',
        step: 7,
        title: 'x',
        ok: true,
        facts: {},
      }),
    /of step 7, and there is none/,
  ],
  [
    'that a component stays away',
    'good',
    (events) => void Object.assign(dataOf(events, 'asked'), { ready: false, staysAway: true }),
    /stays away by intent/,
  ],
  [
    'that the target of a fault stays away',
    'good',
    (events) =>
      put(events, eventsOf(events, 'asked')[0]!.atMs, 'fault.asked-again', {
        id: 'fault-1',
        fault: 'wipe-volume',
        target: storeOf(events),
        there: true,
        proof: 'it is empty',
        staysAway: true,
      }),
    /stays away by intent/,
  ],
  [
    'a load that never began',
    'ofTwo',
    (events) => drop(events, ({ data }) => 'index' in data && data.index === 1),
    /load more never began/,
  ],
  [
    'targets of loads that have changed places',
    'ofTwo',
    (events) => {
      const [a, b] = eventsOf(events, 'load.begun').map(({ data }) => data);
      [a!.target, b!.target] = [b!.target, a!.target];
    },
    /has rows at other, and not at store-/,
  ],
  [
    'a load of another rate',
    'good',
    (events) => void (dataOf(events, 'load.begun').ratePerSecond = 1),
    /has rows at 1\/s, and not at 200\/s/,
  ],
  [
    'a load whose data the recovery throws away',
    'good',
    (events) => void (dataOf(events, 'load.begun').volatile = true),
    /as volatile/,
  ],
];
