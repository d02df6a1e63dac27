import { createLogUpdate } from 'log-update';
import type { Clock } from '../../core/clock.ts';
import type { Progress } from '../../core/progress.ts';
import { formatDuration } from '../../core/units.ts';
import { fit, paintOf } from '../terminal.ts';
import { oneLine, visible } from '../text.ts';
import { clientText, shareOf, spinner, workText, type Client, type Work } from './figures.ts';
import type { LiveView } from './view.ts';

const redrawEveryMs = 100;
const clientGoneMs = 3_000;
/** The phases in which clients are there. */
const underLoad: readonly string[] = ['protect', 'break', 'detect', 'recover'];
const historyMax = 24;
const worksMax = 3;
const levels = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
const hideCursor = '\u001b[?25l';
const showCursor = '\u001b[?25h';

interface State {
  phase: { name: string; title: string; begunMs: number } | null;
  works: Work[];
  client: { seenMs: number; last: Client; history: Client[] } | null;
}
type Options = { stream: NodeJS.WritableStream; color: boolean; width: number; clock: Clock };

/** The lines of the moving part, none longer than the width. */
function frame(state: State, nowMs: number, width: number, color: boolean): string[] {
  const paint = paintOf(color);
  const lines: string[] = [];
  if (state.phase) {
    const { name, title, begunMs } = state.phase;
    lines.push(
      `${paint.cyan(spinner(nowMs))} ${paint.bold(name.padEnd(8))} ${formatDuration(nowMs - begunMs).padStart(11)}  ${paint.dim(oneLine(title))}`,
    );
  }
  for (const work of state.works) {
    const share = shareOf(work);
    const columns = Math.max(8, Math.min(24, width - 60));
    const full = Math.round((share ?? 0) * columns);
    const bar =
      share === null
        ? ''
        : `${paint.cyan('█'.repeat(full))}${paint.dim('─'.repeat(columns - full))} ${String(Math.floor(share * 100)).padStart(3)} %  `;
    lines.push(`  ${bar}${oneLine(work.what)}  ${paint.dim(workText(work))}`);
  }
  if (state.client && nowMs - state.client.seenMs < clientGoneMs) {
    const { history, last } = state.client;
    const top = Math.max(1, ...history.map((beat) => beat.perSecond + beat.failedPerSecond));
    const spark = history.map(({ perSecond, failedPerSecond, failing }) => {
      const level = levels[Math.min(7, Math.floor((7.99 * (perSecond + failedPerSecond)) / top))]!;
      return failing ? paint.red(level) : paint.green(level);
    });
    lines.push(
      `  ${paint.dim('client')}  ${spark.join('')}  ${last.failing ? paint.red.bold(clientText(last)) : clientText(last)}`,
    );
  }
  return lines.map((line) => fit(line, width - 1));
}

/** What a notification changes of what is shown. */
function absorb(state: State, progress: Progress, nowMs: number): void {
  if (progress.kind === 'phase') {
    state.phase = { name: progress.phase, title: progress.title ?? '', begunMs: nowMs };
    state.works = [];
    if (!underLoad.includes(progress.phase)) state.client = null;
  } else if (progress.kind === 'work') {
    const others = state.works.filter(({ what }) => what !== progress.what);
    state.works = (shareOf(progress) === 1 ? others : [...others, progress]).slice(-worksMax);
  } else if (progress.kind === 'client') {
    state.client = {
      seenMs: nowMs,
      last: progress,
      history: [...(state.client?.history ?? []), progress].slice(-historyMax),
    };
  }
}

/**
 * For a terminal: phases that are over and lines stay above, the running phase, its work and the client's
 * view move below. A phase that is over is told with its time and no tick: whether it went well is the
 * report's to say.
 */
export function createLiveBlock({ stream, color, width, clock }: Options): LiveView {
  const state: State = { phase: null, works: [], client: null };
  const log = createLogUpdate(stream as NodeJS.WriteStream, { showCursor: true, defaultWidth: width });
  const paint = paintOf(color);
  let timer: NodeJS.Timeout | null = null;
  const restore = (): unknown => stream.write(showCursor);
  const columns = (): number => (stream as NodeJS.WriteStream).columns || width;
  const draw = (): void => {
    const lines = frame(state, clock.nowMs(), columns(), color);
    if (lines.length > 0) log(lines.join('\n'));
    else log.clear();
  };
  const begin = (): void => {
    if (timer) return;
    stream.write(hideCursor);
    process.once('exit', restore);
    timer = setInterval(draw, redrawEveryMs);
    timer.unref();
  };
  const endPhase = (): void => {
    if (!state.phase) return;
    const { name, title, begunMs } = state.phase;
    log.persist(
      fit(
        `${paint.dim('·')} ${name.padEnd(8)} ${formatDuration(clock.nowMs() - begunMs).padStart(11)}  ${paint.dim(oneLine(title))}`.trimEnd(),
        columns() - 1,
      ),
    );
    state.phase = null;
    state.works = [];
  };
  const pause = (): void => {
    if (!timer) return;
    clearInterval(timer);
    timer = null;
    log.clear();
    endPhase();
    state.client = null;
    process.removeListener('exit', restore);
    restore();
  };
  const update = (progress: Progress): void => {
    begin();
    if (progress.kind === 'drill' || progress.kind === 'phase') endPhase();
    if (progress.kind === 'drill')
      log.persist(
        paint.bold(
          fit(`${oneLine(progress.scenario)}  ${progress.index + 1} of ${progress.of}`, columns() - 1),
        ),
      );
    if (progress.kind === 'line')
      log.persist(paint.dim(`  ${visible(progress.text).replaceAll('\t', '  ').replaceAll('\n', '\n  ')}`));
    absorb(state, progress, clock.nowMs());
    draw();
  };
  return { update, pause, stop: pause };
}
