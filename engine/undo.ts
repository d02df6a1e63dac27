import type { Clock } from '../core/clock.ts';
import type { Undo } from '../core/active-fault.ts';
import { messageOf } from '../core/errors.ts';
import { withDeadline } from '../core/deadline.ts';

export interface UndoOutcome {
  undo: string;
  ok: boolean;
  healed: boolean | null;
  error?: string;
}

/**
 * What `work` gives, unless the drill is ended before: then it rejects at once with why, whatever the work
 * does afterwards.
 */
export function unlessAborted<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = (): void => reject(signal.reason as Error);
    signal.addEventListener('abort', stop, { once: true });
    if (signal.aborted) stop();
    void work.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
  });
}

export interface UndoStack {
  /**
   * `of`: the fault that it undoes. What is pushed once the stack was unwound, by work that nobody
   * waits for any more, is undone at once.
   */
  push(of: string, undo: Undo): void;
  readonly size: number;
  /**
   * Last in, first out; every one is tried whatever became of the others. Never rejects. Empties the stack.
   * `begin` hears of each before it is tried, and what it gives hears what became of it.
   */
  unwind(begin: (of: string, undo: Undo) => (outcome: UndoOutcome) => void): Promise<void>;
}

export function createUndoStack(clock: Clock): UndoStack {
  const stack: { of: string; undo: Undo }[] = [];
  let unwound = false;
  const undoOne = async (undo: Undo): Promise<UndoOutcome> => {
    try {
      await withDeadline(clock, undo.name, undo.deadlineMs, undo.run());
      const until = clock.nowMs() + undo.deadlineMs;
      for (;;) {
        const healed = await withDeadline(
          clock,
          `looking whether ${undo.name} healed`,
          undo.deadlineMs,
          undo.healed(),
        );
        if (healed !== false || clock.nowMs() >= until)
          return { undo: undo.name, ok: healed !== false, healed };
        await clock.sleep(100);
      }
    } catch (error) {
      return { undo: undo.name, ok: false, healed: false, error: messageOf(error) };
    }
  };
  return {
    push: (of, undo) => void (unwound ? undoOne(undo) : stack.push({ of, undo })),
    get size() {
      return stack.length;
    },
    unwind: async (begin) => {
      for (let next = stack.pop(); next; next = stack.pop()) {
        const report = begin(next.of, next.undo);
        report(await undoOne(next.undo));
      }
      unwound = true;
    },
  };
}
