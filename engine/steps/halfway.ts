import type { RestoreContext } from '../../core/backup.ts';
import type { Recorded, Control } from '../drill-context.ts';

/**
 * Where a driver tells nothing of its progress by then, this long after its restore stage began stands for
 * half of it; the timeline says so.
 */
const blindHalfwayMs = 100;

/**
 * Passes `restore.halfway` once half of the data is in, without holding the driver up: what happens there
 * happens beside it.
 */
export function watchHalfway(
  drill: Recorded & Control,
  component: string,
  context: RestoreContext,
): { watched: RestoreContext; settled(): Promise<void> } {
  if (!drill.moments.open.includes(`restore.halfway of ${component}`))
    return { watched: context, settled: async () => undefined };
  let passing: Promise<void> | null = null;
  let callOff: (() => void) | undefined;
  const pass = (how: string): void => {
    if (passing) return;
    callOff?.();
    drill.timeline.emit('note', { text: `restore.halfway of ${component}: ${how}` });
    passing = drill.moments.pass('restore.halfway', component);
  };
  const watched: RestoreContext = {
    ...context,
    stage: (stage, what, work) => {
      if (stage === 'restore')
        callOff ??= drill.clock.after(blindHalfwayMs, () =>
          pass(`${blindHalfwayMs} ms after its restore stage began`),
        );
      return context.stage(stage, what, work);
    },
    progress: (done, total, unit) => {
      context.progress(done, total, unit);
      if (!callOff || total === null) return;
      callOff();
      if (done * 2 >= total) pass(`${done} of ${total} ${unit}`);
    },
  };
  return {
    watched,
    settled: async () => {
      callOff?.();
      await passing;
    },
  };
}
