import { recoverBySteps } from '../recovery-attempts.ts';
import { clearScratch } from '../scratch.ts';
import { awaitedBy, observe } from '../observe.ts';
import { watchReady } from '../ready-watch.ts';
import { waitFor } from '../waiting.ts';
import type { Phase } from './phase.ts';

/** The declared steps, and then a look until what was broken and its clients are well again. */
export const recover: Phase = {
  name: 'recover',
  run: async (drill, handed) => {
    const { schedules } = handed;
    const deadlineMs = drill.plan.scenario.stepDeadline.ms;
    const readiness = watchReady(drill, awaitedBy(drill), handed.seenAway);
    try {
      if (schedules) await waitFor(drill, 'ending the backups', deadlineMs, () => schedules.stop());
      handed.schedules = null;
      await recoverBySteps(drill, readiness);
      for (const open of drill.moments.open)
        drill.timeline.emit('note', { text: `a fault waited for ${open}, which never came` });
      clearScratch(drill);
      // What was written in between may be lost as well.
      for (const load of handed.loads) load.leaveAsTheyAre?.();
      handed.seen = await observe(drill, readiness);
    } finally {
      readiness.stop();
    }
  },
};
