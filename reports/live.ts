import { systemClock, type Clock } from '../core/clock.ts';
import { createLiveBlock } from './live/block.ts';
import { createDrillRows } from './live/board.ts';
import { createLiveLines } from './live/lines.ts';
import { oneLine } from './text.ts';
import type { LiveView, Shown, LiveBoard } from './live/view.ts';

export interface LiveOptions {
  stream: NodeJS.WritableStream;
  color: boolean;
  /** Columns; a terminal's own width is asked again at each redraw. */
  width: number;
  isTTY: boolean;
  clock?: Clock;
}

/**
 * What is redrawn has to fit: a terminal that says it has no columns, as some make none known, is written to
 * as a pipe is.
 */
const redrawn = ({ stream, isTTY }: LiveOptions): boolean =>
  isTTY && (stream as NodeJS.WriteStream).columns !== 0;

/** On a terminal a block that is redrawn in place; in a pipe plain lines with a time, nothing redrawn. */
export function createLiveView(options: LiveOptions): LiveView {
  const { stream, color, width, clock = systemClock } = options;
  return redrawn(options)
    ? createLiveBlock({ stream, color, width, clock })
    : createLiveLines({ stream, clock });
}

/**
 * One drill at a time has the view of one; side by side, each has a line on a terminal, and its name before
 * its lines in a pipe.
 */
export function createLiveBoard({
  jobs,
  drills,
  ...options
}: LiveOptions & { jobs: number; drills: number }): LiveBoard {
  const { stream, clock = systemClock } = options;
  if (jobs > 1 && redrawn(options)) return createDrillRows({ ...options, clock, drills });
  const view = createLiveView(options);
  const line = (text: string): void => view.update({ kind: 'line', text });
  const begin = (scenario: string, index: number): Shown => {
    view.update({ kind: 'drill', scenario, index, of: drills });
    if (jobs === 1) return { update: view.update, end: () => undefined };
    const own = createLiveLines({ stream, clock, by: `${oneLine(scenario)}: ` });
    return { update: own.update, end: own.stop };
  };
  return { line, begin, pause: view.pause, stop: view.stop };
}
