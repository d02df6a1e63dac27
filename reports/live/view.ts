import type { Progress } from '../../core/progress.ts';

/** What is seen while a drill runs. Nothing else depends on it. */
export interface LiveView {
  update(progress: Progress): void;
  /**
   * Leaves the terminal free for other output: says how long the phase took, the moving part goes, the cursor
   * is back. The next update begins anew.
   */
  pause(): void;
  /** The end. As `pause`; may be called more than once. */
  stop(): void;
}

/** What is seen of one of several drills. */
export interface Shown {
  update(progress: Progress): void;
  end(): void;
}

/** What is seen of all drills of a run. `pause` and `stop` as of a LiveView. */
export interface LiveBoard {
  line(text: string): void;
  begin(scenario: string, index: number): Shown;
  pause(): void;
  stop(): void;
}
