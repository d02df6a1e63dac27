import type { EventType } from '../../core/timeline.ts';
import { all, forged, last, put, remove, type Contradiction, type Events } from './forging.ts';

/** The data of the last event of a type, whose ids are to be altered. */
const of = (events: Events, type: EventType): { id?: string; of?: string } =>
  last(events, type).data as { id?: string };

export const ofIds: Contradiction[] = [
  {
    what: 'an id is given to something else again',
    alter: forged((events) => {
      const { data } = last(events, 'backup.begun');
      of(events, 'backup.begun').id = all(events, 'backup.begun')[0]!.data.id;
      of(events, 'backup.failed').id = data.id;
    }),
    says: /backup\.begun\) has the id backup-1 of something else/,
  },
  {
    what: 'a fault that was injected has no id',
    alter: forged((events) => void delete of(events, 'fault.injected').id),
    says: /fault\.injected\) is not as a drill writes it: id/,
  },
  {
    what: 'an id is none',
    alter: forged((events) => void (of(events, 'fault.begun').id = 'the first one')),
    says: /fault\.begun\) is not as a drill writes it: id/,
  },
  {
    what: 'a fault was witnessed that never began',
    alter: forged((events) => void (of(events, 'fault.witnessed').id = 'fault-2')),
    says: /fault\.witnessed\) is of fault-2, which never began/,
  },
  {
    what: 'the proof of a fault is of a backup',
    alter: forged((events) => void (of(events, 'fault.witnessed').id = 'backup-1')),
    says: /fault\.witnessed\) is of backup-1, which is a backup/,
  },
  {
    what: 'one backup began, and another one of its id became durable',
    alter: forged((events) => {
      const [one, other] = all(events, 'backup.durable');
      [one!.data.id, other!.data.id] = [other!.data.id, one!.data.id];
    }),
    says: /backup\.durable\) (comes without a backup\.begun of the same|is of backup-\d, which never began)/,
  },
  {
    what: 'an undo is of no fault',
    alter: forged((events) => void (of(events, 'undo.begun').of = 'backup-1')),
    says: /undo\.begun\) is of backup-1, which is a backup/,
  },
  {
    what: 'an undo ended that never began',
    alter: forged((events) => remove(events, ({ type }) => type === 'undo.begun')),
    says: /undo\.ended\) is of undo-1, which never began/,
  },
  {
    what: 'the undo of one fault is said to be that of each',
    alter: forged((events) => {
      const { data } = last(events, 'undo.begun');
      put(events, last(events, 'undo.ended'), 'undo.begun', { ...data, id: 'undo-2' });
    }),
    says: /undo\.begun\) says again what can be once/,
  },
  {
    what: 'points were removed by what never began',
    base: 'kept',
    alter: forged((events) => void (of(events, 'prune.ended').id = 'prune-99')),
    says: /prune\.ended\) is of prune-99, which never began/,
  },
];
