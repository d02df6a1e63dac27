import { exitCodes, messageOf, MusterError } from '../core/errors.ts';

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

export interface Interruption {
  /** Aborted with a MusterError: `interrupted` by a signal, `internal` when something in Muster itself broke. */
  readonly signal: AbortSignal;
  release(): void;
}

/**
 * Ends a drill in order, stack included, when the user or a fault of Muster's own would otherwise end it in the middle.
 * The first Ctrl-C ends the drill; the second one ends Muster on the spot, and the next start cleans up.
 */
export function catchInterruption(say: (text: string) => void): Interruption {
  const controller = new AbortController();
  const onSignal = (signal: NodeJS.Signals): void => {
    if (controller.signal.aborted) process.exit(exitCodes.interrupted);
    say('interrupted: healing and taking the stack down; once more to leave at once (the next start cleans up)');
    controller.abort(new MusterError('interrupted', `by ${signal}`));
  };
  const onBreak = (error: unknown): void => controller.abort(new MusterError('internal', messageOf(error), { cause: error }));
  const others = process.listeners('uncaughtException');
  process.removeAllListeners('uncaughtException').on('uncaughtException', onBreak);
  for (const signal of signals) process.on(signal, onSignal);
  return {
    signal: controller.signal,
    release: () => {
      for (const signal of signals) process.off(signal, onSignal);
      process.off('uncaughtException', onBreak);
      for (const other of others) process.on('uncaughtException', other);
    },
  };
}
