import { systemClock } from '../core/clock.ts';
import { exitCodes, messageOf, MusterError } from '../core/errors.ts';
import { whenNpmIsGone } from './npm-parent.ts';

/** What comes again sooner is the same: npm passes on what the terminal has sent to all of them. */
const sameMs = 500;
const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

export interface Interruption {
  /**
   * Aborted with a MusterError: `interrupted` by a signal, `internal` when something in Muster itself broke.
   */
  readonly signal: AbortSignal;
  release(): void;
}

/**
 * Ends a drill in order, stack included, when the user or a fault of Muster's own would otherwise end it in
 * the middle. The first Ctrl-C (SIGTERM, SIGHUP) ends the drill; the second one ends Muster on the spot, and
 * the next start cleans up.
 */
export function catchInterruption(say: (text: string) => void): Interruption {
  const controller = new AbortController();
  let firstMs: number | null = null;
  const end = (why: string): void => {
    const nowMs = systemClock.nowMs();
    if (firstMs !== null && nowMs - firstMs < sameMs) return;
    if (controller.signal.aborted) process.exit(exitCodes.interrupted);
    firstMs = nowMs;
    say(
      'interrupted: healing and taking the stack down; once more to leave at once (the next start cleans up)',
    );
    controller.abort(new MusterError('interrupted', why));
  };
  const onSignal = (signal: NodeJS.Signals): void => end(`by ${signal}`);
  const stopLooking = whenNpmIsGone(() => {
    // The signal that ended npm has reached Muster as well, or will: nobody asks a second time by it.
    if (!controller.signal.aborted) end('npm, which started Muster, is gone');
  });
  const onBreak = (error: unknown): void =>
    controller.abort(new MusterError('internal', messageOf(error), { cause: error }));
  const others = process.listeners('uncaughtException');
  process.removeAllListeners('uncaughtException').on('uncaughtException', onBreak);
  for (const signal of signals) process.on(signal, onSignal);
  return {
    signal: controller.signal,
    release: () => {
      stopLooking();
      for (const signal of signals) process.off(signal, onSignal);
      process.off('uncaughtException', onBreak);
      for (const other of others) process.on('uncaughtException', other);
    },
  };
}
