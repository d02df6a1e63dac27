import { planOf, storeOf, componentOf, dataOf, put, faultMs, type Case } from './agreement-edits.ts';

export const ofFaults: Case[] = [
  [
    'a load that makes visits',
    'good',
    (events) => void (dataOf(events, 'load.begun').kind = 'visits'),
    /as visits/,
  ],
  [
    'the target of the fault',
    'ofTwo',
    (events) => {
      for (const { type, data } of events)
        if (type.startsWith('fault.')) (data as { target: string }).target = 'other';
    },
    /a wipe-volume of other that is not planned/,
  ],
  [
    'the kind of the fault',
    'good',
    (events) => {
      for (const { type, data } of events)
        if (type.startsWith('fault.')) (data as { fault: string }).fault = 'pause';
    },
    /a pause of \S+ that is not planned/,
  ],
  [
    'a fault of a store',
    'good',
    (events) => void (dataOf(events, 'fault.begun').on = 'store'),
    /says that wipe-volume is a fault of a store/,
  ],
  [
    'a fault of a region with other components',
    'ofTwo',
    (events) => void Object.assign(dataOf(events, 'fault.begun'), { on: 'region', components: ['other'] }),
    /says that wipe-volume is a fault of a region/,
  ],
  [
    'a fault of components that it lists',
    'ofTwo',
    (events) => void Object.assign(dataOf(events, 'fault.begun'), { components: ['other'] }),
    /lists components/,
  ],
  [
    'a fault of a store that nobody planned',
    'withLog',
    (events) =>
      put(events, 130, 'fault.begun', {
        id: 'fault-2',
        fault: 'store-slow',
        target: 'a',
        params: {},
        on: 'store',
      }),
    /a store-slow of a that is not planned/,
  ],
  [
    'a fault beforehand that nobody planned',
    'withLog',
    (events) =>
      put(events, 130, 'fault.begun', {
        id: 'fault-1',
        fault: 'wipe-volume',
        target: storeOf(events),
        params: {},
        beforehand: true,
      }),
    /a wipe-volume of \S+ that is not planned/,
  ],
  [
    'the same fault twice',
    'good',
    (events) =>
      put(events, faultMs(events), 'fault.begun', { ...dataOf(events, 'fault.begun'), id: 'fault-2' }),
    /that is not planned/,
  ],
  [
    'a lost region that no fault took away',
    'good',
    (events) =>
      put(events, faultMs(events), 'region.lost', {
        of: 'fault-1',
        region: 'west',
        how: 'dead',
        services: [],
        stores: ['b'],
      }),
    /region west, which no fault took away/,
  ],
  [
    'a store that the step does not name',
    'good',
    (events) => void (dataOf(events, 'point.fetched').store = 'a'),
    /was taken from a, and step 0 names b/,
  ],
  [
    'a point from before the drill',
    'good',
    (events) => void (dataOf(events, 'point.fetched').provenance = 'external'),
    /from before the drill/,
  ],
  [
    'a point of another drill',
    'good',
    (events) => void (dataOf(events, 'point.fetched').drill = 'another'),
    /was made by drill another/,
  ],
  [
    'a point of another component',
    'ofTwo',
    (events) => void (dataOf(events, 'point.fetched').backup = 'other.snapshot'),
    /is of other\.snapshot, and step 0 restores store-/,
  ],
  [
    'a removal of points that are all kept',
    'good',
    (events) => {
      const { backup } = dataOf(events, 'schedule.begun');
      put(events, 1_900, 'prune.failed', { id: 'prune-1', backup, error: 'the store does not answer' });
    },
    /which keeps all/,
  ],
  [
    'a removal of nothing',
    'good',
    (events) => {
      componentOf(events).backups['snapshot']!.keep = { points: 5 };
      const { backup } = dataOf(events, 'schedule.begun');
      put(events, 1_900, 'prune.ended', {
        id: 'prune-1',
        backup,
        removed: [],
        completed: [],
        spared: null,
        kept: 1,
        objects: 0,
        bytes: 0,
        versionsStayIn: [],
      });
    },
    /removed nothing/,
  ],
  [
    'a promise, in words and as it is judged',
    'good',
    (events) => void (componentOf(events).objectives.rpo!.text = '30s'),
    /objectives\.rpo says 30s and 900000/,
  ],
  [
    'the time of people, in words and as it is judged',
    'good',
    (events) => void (planOf(events).strategy.detection = { people: { page: { text: '400s', ms: 0 } } }),
    /detection\.people\.page says 400s and 0/,
  ],
];
