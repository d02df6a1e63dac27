import type { EventType, TimelineEvent } from '../../core/timeline.ts';
import { beganWith, ofBackups, ofRestores } from './contradictions-of-backups.ts';
import { ofIds } from './contradictions-of-ids.ts';
import { ofPromises } from './contradictions-of-promises.ts';
import {
  all,
  forged,
  indexOf,
  last,
  move,
  only,
  phaseOf,
  put,
  remove,
  rewritten,
  type Contradiction,
} from './forging.ts';

const ofOrder: Contradiction[] = [
  {
    what: 'the verification ended before everything',
    alter: forged((events) => put(events, events[0], 'phase.ended', { phase: 'verify', ok: true }, 'after')),
    says: /phase\.ended verify\) is not what comes next: phase\.begun up/,
  },
  {
    what: 'the verification failed, and the drill ran to its end',
    alter: forged((events) => {
      Object.assign(phaseOf(events, 'verify', 'phase.ended').data, { ok: false, error: 'it hung' });
    }),
    says: /its phase verify failed/,
  },
  {
    what: 'a load began when it ended',
    alter: forged((events) =>
      move(events, last(events, 'load.begun'), phaseOf(events, 'recover', 'phase.ended')),
    ),
    says: /load\.begun\) comes after the phase protect/,
  },
  {
    what: 'a load ended before the fault',
    alter: forged((events) => move(events, last(events, 'load.ended'), last(events, 'load.begun'))),
    says: /load\.ended\) comes before the phase recover/,
  },
  {
    what: 'the clock on the wall shows no time',
    alter: forged((events) => {
      for (const event of events) event.utc = '1';
    }),
    says: /refused/,
  },
  {
    what: 'the recovery ends again',
    alter: forged((events) => {
      const { data } = last(events, 'recovery.ended');
      put(events, last(events, 'observation.ended'), 'recovery.ended', data);
    }),
    says: /recovery\.ended\) comes while nothing of the kind can end/,
  },
  {
    what: 'the recovery failed, and then it did not',
    alter: forged((events) => {
      put(events, last(events, 'step.ended'), 'recovery.ended', { ok: false, error: 'it broke' });
    }),
    says: /recovery\.ended\) contradicts its steps/,
  },
  {
    what: 'the first step ended twice, and the second never',
    base: 'log',
    alter: forged((events) => {
      const [one] = all(events, 'step.ended');
      last(events, 'step.ended').data = one!.data;
    }),
    says: /step\.ended\) says again what can be once/,
  },
  {
    what: 'a stage ended that never began',
    base: 'log',
    alter: forged((events) => void (last(events, 'stage.ended').data.id = 'stage-99')),
    says: /stage\.ended\) is of stage-99, which never began/,
  },
  {
    what: 'what was fetched is of another time that the step ran',
    base: 'log',
    alter: forged((events) => void (last(events, 'point.fetched').data.of = 'step-99')),
    says: /point\.fetched\) is of a step that is not under way/,
  },
  {
    what: 'a step was left out',
    base: 'log',
    alter: forged((events) => {
      const from = indexOf(events, last(events, 'step.begun'));
      events.splice(from, indexOf(events, last(events, 'step.ended')) + 1 - from);
    }),
    says: /comes after 1 of 2 steps/,
  },
  {
    what: 'a restore failed within a step that ended well',
    alter: forged((events) => void (only(events, 'stage.ended', { stage: 'restore' }).data.ok = false)),
    says: /ended well, and its restore failed/,
  },
  {
    what: 'a replay failed within a step that ended well',
    base: 'log',
    alter: forged((events) => void (only(events, 'stage.ended', { stage: 'replay' }).data.ok = false)),
    says: /ended well, and its replay failed/,
  },
  {
    what: 'which log was replayed is left out',
    base: 'log',
    alter: forged((events) => remove(events, ({ type }) => type === 'log.fetched')),
    says: /no one log was fetched/,
  },
  {
    what: 'a restore began with something when the recovery was over',
    alter: forged((events) =>
      put(events, last(events, 'recovery.ended'), 'restore.beganWith', beganWith(events, {})),
    ),
    says: /restore\.beganWith\) comes while no step is under way/,
  },
];

const ofWitnesses: Contradiction[] = [
  {
    what: 'a witness spoke before the fault, and the real one saw nothing',
    alter: forged((events) => {
      const { id, fault, target } = last(events, 'fault.witnessed').data;
      const which = { id, fault, target };
      const at = indexOf(events, last(events, 'fault.witnessed'));
      const unwitnessed = { ...events[at]!, type: 'fault.unwitnessed', data: { ...which, waitedMs: 5 } };
      const witnessed = { ...which, proof: 'forged', facts: {} };
      events[at] = unwitnessed as TimelineEvent;
      put(events, last(events, 'fault.begun'), 'fault.witnessed', witnessed, 'before');
    }),
    says: /fault\.witnessed\) is of fault-1, which never began/,
  },
  {
    what: 'a witness spoke after the verification',
    alter: forged((events) =>
      move(events, last(events, 'fault.witnessed'), phaseOf(events, 'verify', 'phase.ended')),
    ),
    says: /fault\.witnessed\) comes after the phase verify/,
  },
  {
    what: 'a witness spoke twice',
    alter: forged((events) => {
      const one = last(events, 'fault.witnessed');
      put(events, one, 'fault.witnessed', one.data);
    }),
    says: /fault\.witnessed\) says again what can be once/,
  },
  {
    what: 'what was read back is incomplete, and then complete',
    alter: forged((events) => {
      const one = last(events, 'readback.ended');
      const data = { ...one.data, complete: false, error: 'it broke off' };
      put(events, one, 'readback.ended', data, 'before');
    }),
    says: /readback\.ended\) says again what can be once/,
  },
  {
    what: 'what was read back is complete, with an error',
    alter: forged((events) => void (last(events, 'readback.ended').data.error = 'it broke off')),
    says: /readback\.ended\).*an error where it is not ok/,
  },
  {
    what: 'a check held before the fault, and not after the recovery',
    alter: forged((events) => {
      const data = { check: 'more', component: null, verdict: 'pass' as const, detail: 'all', facts: {} };
      put(events, last(events, 'load.begun'), 'check.ended', data);
    }),
    says: /check\.ended\) comes before the phase verify/,
  },
  {
    what: 'what became of a check that was made by default is left out',
    alter: forged((events) => remove(events, ({ type }) => type === 'check.silent')),
    says: /check\.baseline\) is not followed by a check\.ended or check\.silent/,
  },
  {
    what: 'that what was broken does not stand is left out',
    alter: forged((events) => remove(events, ({ type }) => type === 'asked')),
    says: /was broken or restored, and nobody asked at the end/,
  },
  {
    what: 'a region was lost that no fault took',
    alter: forged((events) => {
      const { data } = {
        data: { of: 'fault-1', region: 'west', how: 'dead' as const, services: [], stores: ['b'] },
      };
      put(events, last(events, 'fault.injected'), 'region.lost', data, 'before');
    }),
    says: /region\.lost\) is no effect of fault-1/,
  },
  {
    what: 'what reached a lost region is told twice, the first time as nothing',
    alter: forged((events) => {
      const [begun] = all(events, 'fault.begun');
      Object.assign(begun!.data, { on: 'region', components: [] });
      const region = begun!.data.target;
      put(events, begun, 'region.lost', {
        of: begun!.data.id,
        region,
        how: 'dead',
        services: [],
        stores: [],
      });
      const none = { region, attempts: [], accesses: [] };
      const reached = { from: 'app', service: 'x', port: 1, count: 3, outcome: 'accepted' as const };
      put(events, phaseOf(events, 'heal', 'phase.begun'), 'region.connections', {
        ...none,
        attempts: [reached],
      });
      put(events, phaseOf(events, 'heal', 'phase.begun'), 'region.connections', none);
    }),
    says: /region\.connections\) is one more than there are region\.lost/,
  },
  {
    what: 'a region was broken, and not lost',
    alter: forged((events) => {
      Object.assign(all(events, 'fault.begun')[0]!.data, { on: 'region', components: [] });
    }),
    says: /fault\.injected\) is of a region that was not lost/,
  },
];

const ofWords: Contradiction[] = [
  {
    what: 'an event of a kind that no drill writes',
    alter: forged((events) => put(events, last(events, 'asked'), 'certified' as EventType, {} as never)),
    says: /is of a kind that no drill writes: certified/,
  },
  {
    what: 'an event lacks what each of its kind has',
    alter: forged((events) => {
      delete (last(events, 'asked').data as { detail?: string }).detail;
    }),
    says: /asked\) is not as a drill writes it: detail/,
  },
  {
    what: 'an event says more than any of its kind',
    alter: forged((events) => void Object.assign(last(events, 'asked').data, { really: false })),
    says: /asked\) is not as a drill writes it/,
  },
  {
    what: 'a drill that ran to its end has an error',
    alter: forged((events) => void (last(events, 'drill.ended').data.error = 'Muster broke')),
    says: /drill\.ended\).*no error where it ran to its end/,
  },
  {
    what: 'a key is there twice: a person reads the first, and Muster the second',
    alter: rewritten('"type":"asked","data":{', '"type":"asked","data":{"of":"x","ready":false},"data":{'),
    says: /not written as a drill writes it/,
  },
  {
    what: 'a key stands outside what the hash is of',
    alter: rewritten('"type":"asked"', '"verdict":"pass","type":"asked"'),
    says: /not an event/,
  },
];

export const contradictions: Contradiction[] = [
  ...ofRestores,
  ...ofBackups,
  ...ofOrder,
  ...ofWitnesses,
  ...ofWords,
  ...ofIds,
  ...ofPromises,
];
