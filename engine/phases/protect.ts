import { environmentError } from '../../core/errors.ts';
import { readyComponents, stateOfServices } from '../before.ts';
import { startSchedules } from '../schedule.ts';
import { startSustained, stopSustained } from '../sustain.ts';
import { settled, startLoads, stopLoads } from '../traffic.ts';
import type { Phase } from './phase.ts';

/** Traffic, and backups on their schedules, until there is something to verify. */
export const protect: Phase = {
  name: 'protect',
  run: async (drill, handed) => {
    handed.loadBegunMs = drill.clock.nowMs();
    await startSustained(drill, handed.sustained);
    await startLoads(drill, handed.loads);
    handed.schedules = startSchedules(drill);
    await handed.schedules.havePoints(drill.plan.scenario.points);
    handed.before = await stateOfServices(drill);
    handed.readyBefore = await readyComponents(drill);
  },
  lastsUntil: 'verify',
  end: async (drill, { loads, sustained, schedules }) => {
    await settled(drill, 'ending the backups', schedules?.stop());
    await settled(drill, 'ending the sustained load', stopSustained(drill, sustained));
    const allEnded = await stopLoads(drill, loads);
    drill.clientWatch.stop();
    // A client that waits for ever has no answer, and leaves no record that says so.
    if (!allEnded)
      throw environmentError('what clients had asked for was never over, so that the ledger lacks it', {
        expected: 'every operation of a load to end, answered or not',
      });
  },
};
