import type { Clock } from '../../core/clock.ts';
import type { Progress } from '../../core/progress.ts';
import { formatDuration } from '../../core/units.ts';
import { visible } from '../text.ts';
import { clientText, shareOf, workText, type Client, type Work } from './figures.ts';
import type { LiveView } from './view.ts';

const clientEveryMs = 5_000;
/** How long it must have gone well before that is told, and how soon after a line a failure is. */
const turnMs = 1_000;
const workEveryMs = 10_000;

/** The worst of what went unsaid: a failure between two lines must not get lost. */
const gravest = (held: Client | null, next: Client): Client =>
  held === null || !held.failing
    ? next
    : {
        ...next,
        failing: true,
        failedPerSecond: Math.max(held.failedPerSecond, next.failedPerSecond),
        perSecond: Math.min(held.perSecond, next.perSecond),
      };

/**
 * For a pipe or a log: one line a thing, each with its time; the client every five seconds and when its luck
 * turns, work at most every ten and when done.
 */
export function createLiveLines({
  stream,
  clock,
  by = '',
}: {
  stream: NodeJS.WritableStream;
  clock: Clock;
  /** Begins each line, where several drills share a stream. */
  by?: string;
}): LiveView {
  let phase: { name: string; begunMs: number } | null = null;
  let client: { saidMs: number; failedMs: number; failing: boolean; held: Client | null } = {
    saidMs: -Infinity,
    failedMs: -Infinity,
    failing: false,
    held: null,
  };
  const works = new Map<string, { saidMs: number; whole: boolean }>();
  const say = (text: string): void => {
    const time = clock.utc().slice(11, 19);
    for (const line of visible(text).split('\n'))
      stream.write(`${time}Z ${by}${line.replaceAll('\t', '  ')}\n`);
  };
  const endPhase = (): void => {
    if (phase) say(`${phase.name}: took ${formatDuration(clock.nowMs() - phase.begunMs)}`);
    phase = null;
    works.clear();
  };
  const onClient = (next: Client): void => {
    const nowMs = clock.nowMs();
    if (next.failing) client.failedMs = nowMs;
    const held = gravest(client.held, next);
    const recovered = client.failing && nowMs - client.failedMs >= turnMs;
    const failed = !client.failing && held.failing && nowMs - client.saidMs >= turnMs;
    if (!recovered && !failed && nowMs - client.saidMs < clientEveryMs) {
      client.held = held;
      return;
    }
    const told = recovered ? next : held;
    say(`client: ${clientText(told)}`);
    client = { ...client, saidMs: nowMs, failing: told.failing, held: null };
  };
  const onWork = (work: Work): void => {
    const share = shareOf(work);
    const before = works.get(work.what);
    const whole = share === 1;
    if (before && (before.whole || (!whole && clock.nowMs() - before.saidMs < workEveryMs))) return;
    works.set(work.what, { saidMs: clock.nowMs(), whole });
    say(`${work.what}: ${workText(work)}${share === null ? '' : ` (${Math.floor(share * 100)} %)`}`);
  };
  const update = (progress: Progress): void => {
    switch (progress.kind) {
      case 'drill':
        endPhase();
        say(`drill ${progress.index + 1} of ${progress.of}: ${progress.scenario}`);
        break;
      case 'phase':
        endPhase();
        phase = { name: progress.phase, begunMs: clock.nowMs() };
        say(`${progress.phase}${progress.title ? `: ${progress.title}` : ''}`);
        break;
      case 'work':
        onWork(progress);
        break;
      case 'client':
        onClient(progress);
        break;
      case 'line':
        say(progress.text);
        break;
    }
  };
  return { update, pause: endPhase, stop: endPhase };
}
