import { createLiveBoard } from '../reports/live.ts';
import type { LiveBoard } from '../reports/live/view.ts';
import type { StackProvider } from '../core/stack.ts';
import { unlessAborted } from '../engine/undo.ts';
import { foldersText, prepare, removeDeadFolders, removeOrphans } from './host.ts';
import { catchInterruption } from './interruption.ts';
import { providerFor, type DrillFlags } from './one-drill.ts';
import { exitCodeOfError, gravestCode, hasColor } from './output.ts';

/** What the command line says of how drills are carried out. */
export interface CarryFlags extends DrillFlags {
  json?: boolean;
  prepare?: boolean;
}

/** What is at hand while drills are carried out. `say`: a line above what is shown of them. */
export interface OnBoard {
  board: LiveBoard;
  signal: AbortSignal;
  say(text: string): void;
  /** Makes the host ready, and removes what dead owners left. */
  prepareHost(): Promise<void>;
}

/** What carries drills out in this process: their containers, what is shown meanwhile, and how they end. */
export interface Carrier {
  provider: StackProvider;
  /**
   * Shows a board while `work` is under way, and has Ctrl-C end it in order. `codeOf`: the exit code of
   * what was done, and of the interruption where there was one.
   */
  onBoard<T>(
    counts: { jobs: number; drills: number },
    work: (at: OnBoard) => Promise<T>,
  ): Promise<{ done: T; codeOf(codes: readonly number[]): number }>;
}

/** Drills that belong to this process. Nothing is shown before `onBoard`. */
export function createCarrier(flags: CarryFlags): Carrier {
  let say: (text: string) => void = () => undefined;
  return {
    provider: providerFor(flags, (text) => say(text)),
    onBoard: async ({ jobs, drills }, work) => {
      const stream = process.stderr;
      const board = createLiveBoard({
        stream,
        color: hasColor(stream),
        width: stream.columns || 80,
        isTTY: stream.isTTY === true,
        jobs,
        drills,
      });
      say = board.line;
      const interruption = catchInterruption(say);
      const { signal } = interruption;
      const prepareHost = async (): Promise<void> => {
        if (flags.prepare) await prepare(say);
        await removeOrphans(say);
      };
      try {
        const left = await removeDeadFolders(flags.out, say);
        if (left.length > 0) say(`removed what a killed drill left in clear: ${foldersText(left)}`);
        const done = await work({
          board,
          signal,
          say,
          prepareHost: () => unlessAborted(signal, prepareHost()),
        });
        return {
          done,
          codeOf: (codes) =>
            gravestCode([...codes, ...(signal.aborted ? [exitCodeOfError(signal.reason)] : [])]),
        };
      } finally {
        board.stop();
        interruption.release();
      }
    },
  };
}
