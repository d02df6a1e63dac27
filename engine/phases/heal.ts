import { sayWait } from '../waiting.ts';
import type { Ending } from './phase.ts';

/** Undoes what was done, last in first out. */
export const heal: Ending = {
  name: 'heal',
  run: async (drill) => {
    let healed = true;
    await drill.undo.unwind((of, { name, deadlineMs }) => {
      const id = drill.timeline.newId('undo');
      drill.timeline.emit('undo.begun', { id, of, undo: name });
      sayWait(drill, name, deadlineMs);
      return (outcome) => {
        healed &&= outcome.ok;
        drill.timeline.emit('undo.ended', { id, ...outcome });
      };
    });
    return healed;
  },
};
