import { createLogUpdate } from 'log-update';
import type { Clock } from '../../core/clock.ts';
import type { Progress } from '../../core/progress.ts';
import { formatDuration } from '../../core/units.ts';
import { fit, paintOf } from '../terminal.ts';
import { oneLine, visible } from '../text.ts';
import { clientText, spinner, workText, type Client, type Work } from './figures.ts';
import type { LiveBoard, Shown } from './view.ts';

const redrawEveryMs = 100;
const clientGoneMs = 3_000;
const nameWidthMax = 36;
const hideCursor = '\u001b[?25l';
const showCursor = '\u001b[?25h';

interface Row {
  name: string;
  phase: string;
  begunMs: number;
  work: Work | null;
  client: { last: Client; seenMs: number } | null;
}
type Options = { stream: NodeJS.WritableStream; color: boolean; width: number; clock: Clock; drills: number };

/**
 * What is of most interest of a drill just now: its clients while they are told of, else what it works at.
 */
function newsOf({ work, client }: Row, nowMs: number): { text: string; failing: boolean } {
  if (client && nowMs - client.seenMs < clientGoneMs)
    return { text: clientText(client.last), failing: client.last.failing };
  return { text: work ? `${oneLine(work.what)}  ${workText(work)}` : '', failing: false };
}

function absorb(row: Row, progress: Progress, nowMs: number): void {
  if (progress.kind === 'phase')
    Object.assign(row, { phase: progress.phase, begunMs: nowMs, work: null, client: null });
  if (progress.kind === 'work') row.work = progress;
  if (progress.kind === 'client') row.client = { last: progress, seenMs: nowMs };
}

/**
 * For a terminal and several drills: what they say goes by above with their names, a line for each of them
 * moves below.
 */
export function createDrillRows({ stream, color, width, clock, drills }: Options): LiveBoard {
  const rows = new Set<Row>();
  const log = createLogUpdate(stream as NodeJS.WriteStream, { showCursor: true, defaultWidth: width });
  const paint = paintOf(color);
  let ended = 0;
  let timer: NodeJS.Timeout | null = null;
  const columns = (): number => (stream as NodeJS.WriteStream).columns || width;
  const restore = (): unknown => stream.write(showCursor);
  const rowText = (row: Row, nameWidth: number, nowMs: number): string => {
    const { text, failing } = newsOf(row, nowMs);
    return `${paint.cyan(spinner(nowMs))} ${paint.bold(fit(row.name, nameWidth).padEnd(nameWidth))}  ${row.phase.padEnd(8)} ${formatDuration(nowMs - row.begunMs).padStart(11)}  ${failing ? paint.red.bold(text) : paint.dim(text)}`;
  };
  const draw = (): void => {
    const nameWidth = Math.min(nameWidthMax, Math.max(...[...rows].map(({ name }) => name.length)));
    const lines = [...rows].map((row) => rowText(row, nameWidth, clock.nowMs()));
    if (lines.length > 0)
      log(
        [...lines, paint.dim(`  ${ended} of ${drills} drills are over`)]
          .map((line) => fit(line, columns() - 1))
          .join('\n'),
      );
    else log.clear();
  };
  const wake = (): void => {
    if (timer) return;
    stream.write(hideCursor);
    process.once('exit', restore);
    timer = setInterval(draw, redrawEveryMs);
    timer.unref();
  };
  const pause = (): void => {
    if (!timer) return;
    clearInterval(timer);
    timer = null;
    log.clear();
    process.removeListener('exit', restore);
    restore();
  };
  const line = (text: string, by = ''): void => {
    wake();
    log.persist(paint.dim(`  ${by}${visible(text).replaceAll('\t', '  ').replaceAll('\n', '\n  ')}`));
    draw();
  };
  const begin = (scenario: string): Shown => {
    const row: Row = { name: oneLine(scenario), phase: '', begunMs: clock.nowMs(), work: null, client: null };
    rows.add(row);
    return {
      update: (progress) => {
        if (progress.kind === 'line') return line(progress.text, `${row.name}: `);
        absorb(row, progress, clock.nowMs());
        wake();
      },
      end: () => {
        rows.delete(row);
        ended += 1;
      },
    };
  };
  return {
    line: (text) => line(text),
    begin,
    pause,
    stop: () => {
      rows.clear();
      pause();
    },
  };
}
