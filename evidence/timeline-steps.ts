import { replayedBy, restoredBy, stepsOf, traceOf, type Step } from '../core/steps/index.ts';
import { eventsOf, type EventType, type TimelineEvent } from '../core/timeline.ts';

/** What is done by a step while it is under way, and by no other. */
const within: readonly EventType[] = [
  'stage.begun',
  'stage.ended',
  'point.fetched',
  'log.fetched',
  'copy.refused',
  'existing.examined',
  'existing.restored',
];

/** Of one attempt: the step that is under way, how many have ended, and whether one of them failed. */
interface Attempt {
  step: { id: string; step: number } | null;
  ended: number;
  failed: boolean;
}

/**
 * What no recovery does: attempts that begin before the last one has ended, or after it ended well, and steps
 * that are left out, come again, overlap or did not do their work; null when there is nothing of that kind.
 * Of a drill that ran to its end. Where a step failed, what it set going may go on for a while.
 */
export function oddRecovery(events: readonly TimelineEvent[]): string | null {
  const steps = stepsOf(eventsOf(events, 'drill.begun')[0]!.data.scenario);
  let attempt: Attempt | null = null;
  let over = false;
  let failed = false;
  let done: TimelineEvent[] = [];
  for (const event of events) {
    const told = `event ${event.seq} (${event.type})`;
    if (event.type === 'recovery.begun') {
      if (attempt || over) return `${told} comes though the recovery has ${over ? 'ended well' : 'begun'}`;
      attempt = { step: null, ended: 0, failed: false };
    } else if (event.type === 'recovery.ended') {
      if (!attempt || attempt.step !== null) return `${told} comes while nothing of the kind can end`;
      if (event.data.ok === attempt.failed) return `${told} contradicts its steps`;
      if (event.data.ok && attempt.ended !== steps.length)
        return `${told} comes after ${attempt.ended} of ${steps.length} steps`;
      over = event.data.ok;
      attempt = null;
    } else if (event.type === 'step.begun') {
      if (attempt?.step !== null || attempt.failed || event.data.step !== attempt.ended)
        return `${told} is not the next step`;
      attempt.step = event.data;
      done = [];
    } else if (event.type === 'step.ended') {
      if (!attempt?.step || event.data.id !== attempt.step.id)
        return `${told} ends a step that is not under way`;
      const odd: string | null =
        event.data.ok && !failed ? oddWork(steps[event.data.step], done, event.data.id) : null;
      if (odd !== null) return `${told} ended well, and ${odd}`;
      failed ||= !event.data.ok;
      attempt = { step: null, ended: attempt.ended + 1, failed: !event.data.ok };
    } else {
      done.push(event);
      const mine: boolean = 'of' in event.data && event.data.of === attempt?.step?.id;
      if (within.includes(event.type) && !mine && !failed)
        return `${told} is of a step that is not under way`;
    }
  }
  return attempt ? 'the recovery began and never ended' : null;
}

/** What a step that ended well did not do. */
function oddWork(step: Step | undefined, done: readonly TimelineEvent[], id: string): string | null {
  if (!step) return 'the scenario has no such step';
  const spoiled = eventsOf(done, 'stage.ended').filter(
    ({ data }) => !data.ok && (data.stage === 'restore' || data.stage === 'replay'),
  );
  // A backup that could not be restored is told of as refused, and the next older one taken.
  const refused = eventsOf(done, 'existing.examined').filter(({ data }) => data.outcome === 'refused');
  const spoilt = spoiled[refused.length];
  if (spoilt) return `its ${spoilt.data.stage} failed at event ${spoilt.seq}`;
  const trace = traceOf(step);
  if (trace) {
    // Beside it a backup may run a command of its own.
    const mine = ({ data }: TimelineEvent): boolean => !('of' in data) || data.of === id;
    const [left, ...more] = eventsOf(done, trace.event).filter(mine);
    if (!left || more.length > 0) return trace.lacking;
    const failed = trace.failed?.(left.data);
    if (failed) return `${failed} at event ${left.seq}`;
  }
  return eventsOf(done, 'stage.ended').some(({ data }) => data.ok) ? null : 'no stage of it did';
}

/** What a restore began with is taken by a step that is under way, for a component that it may restore. */
export function oddBeginning(events: readonly TimelineEvent[]): string | null {
  const steps = stepsOf(eventsOf(events, 'drill.begun')[0]!.data.scenario);
  let step: Step | null = null;
  let failed = false;
  for (const event of events) {
    if (event.type === 'step.begun') step = steps[event.data.step] ?? null;
    if (event.type === 'step.ended') step = null;
    failed ||= event.type === 'step.ended' && !event.data.ok;
    if (event.type !== 'restore.beganWith' || failed) continue;
    const told = `event ${event.seq} (${event.type})`;
    if (step === null) return `${told} comes while no step is under way`;
    const of = restoredBy(step) ?? replayedBy(step);
    if (of !== null && of !== event.data.of) return `${told} is of ${event.data.of}, and the step of ${of}`;
  }
  return null;
}
