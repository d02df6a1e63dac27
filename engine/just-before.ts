import { messageOf } from '../core/errors.ts';
import { attachedTo, type Drill } from './drill-context.ts';
import { waitFor } from './waiting.ts';

const lookDeadlineMs = 30_000;

/**
 * Lets each check that wants it look once more, right before the first fault. A look that fails is a note:
 * the fault does not wait for it.
 */
export async function lookJustBefore(drill: Drill): Promise<void> {
  if (drill.timeline.events.some(({ type }) => type === 'check.justBefore')) return;
  for (const { named, component, check } of drill.plan.checks) {
    const { justBefore } = attachedTo(drill, component).checks[check]!;
    if (!justBefore) continue;
    try {
      const facts = await waitFor(
        drill,
        `the look of ${named} right before the fault`,
        lookDeadlineMs,
        justBefore,
      );
      drill.timeline.emit('check.justBefore', { check: named, facts });
    } catch (error) {
      drill.timeline.emit('note', {
        text: `${named} could not look right before the fault: ${messageOf(error)}`,
      });
    }
  }
}
