import { environmentError, messageOf } from '../core/errors.ts';
import type { SustainedLoad } from '../core/sustained.ts';
import { attachedTo, type Drill, type Recorded } from './drill-context.ts';

/** A sustained load that goes on. `fromAtMs`: on the drill's timeline. */
export interface Sustaining {
  name: string;
  fromAtMs: number;
  load: SustainedLoad;
}

/** Begins the sustained loads of the scenario: before the clients of the ledger, so that these meet them. */
export async function startSustained(
  drill: Recorded & Pick<Drill, 'plan' | 'clock' | 'attached'>,
  going: Sustaining[],
): Promise<void> {
  const { plan, timeline, clock } = drill;
  for (const [name, { target, rate, connections, requests }] of Object.entries(plan.scenario.sustained)) {
    const { sustain } = attachedTo(drill, target);
    if (!sustain) throw environmentError(`${target} makes no sustained load`);
    const ratePerSecond = Math.round(rate.perSecond);
    const asked = { ratePerSecond, connections, ...(requests ? { requests } : {}) };
    timeline.emit('sustained.begun', { sustained: name, target, ...asked });
    const load = await sustain(asked);
    going.push({ name, fromAtMs: clock.nowMs() - drill.originMs, load });
  }
}

/** What could not be ended is noted, and has no figures. */
export async function stopSustained(
  { timeline }: Pick<Recorded, 'timeline'>,
  going: readonly Sustaining[],
): Promise<void> {
  for (const { name, fromAtMs, load } of going) {
    try {
      timeline.emit('sustained.ended', { sustained: name, fromAtMs, ...(await load.stop()) });
    } catch (error) {
      timeline.emit('note', { text: `the sustained load ${name} gave no figures: ${messageOf(error)}` });
    }
  }
}
