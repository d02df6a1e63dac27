import { pollUntil } from '../../core/clock.ts';
import { asked, askingMs } from '../asking-pace.ts';
import { attachedTo, type Drill, type Recorded } from '../drill-context.ts';
import type { Failure } from '../client-watch.ts';
import { brokenComponents, targetOf } from '../targets/index.ts';
import { sayWait } from '../waiting.ts';
import type { Phase } from './phase.ts';

/**
 * How long anyone may take to notice before the drill goes on without having been noticed; shorter where the
 * scenario gives up sooner.
 */
const detectDeadlineMs = 60_000;
/**
 * Clients that had so many right answers of each load for so long will not notice it any more. Where they are
 * promised to notice nothing, that is what a drill is to find out, and it looks for as long as it may.
 */
const unnoticed = { ms: 15_000, operations: 100 };
const probeEveryMs = 100;
export const detect: Phase = {
  name: 'detect',
  run: (drill, { failure, seenAway }) => noticeIt(drill, failure, seenAway),
};

const words = {
  wrong: 'got a wrong answer',
  failed: 'failed',
  slow: 'was answered too slowly',
  right: 'was answered',
} as const;

/**
 * Waits until somebody notices: a client's operation goes wrong, or a health probe of a broken component
 * does.
 */
async function noticeIt(
  drill: Recorded &
    Pick<Drill, 'plan' | 'clock' | 'signal' | 'progress' | 'attached' | 'inflicted' | 'clientWatch'>,
  failure: Promise<Failure>,
  seenAway: Set<string>,
): Promise<void> {
  const { timeline, plan } = drill;
  const stop = new AbortController();
  const signal = AbortSignal.any([stop.signal, drill.signal]);
  const targets = brokenComponents(drill);
  // Nobody notices a store that is broken before it is needed, and a drill need not wait to see that.
  if (!plan.faults.some((one) => targetOf(one).isNoticed))
    return void timeline.emit('undetected', { waitedMs: 0 });
  const deadlineMs = Math.min(detectDeadlineMs, plan.scenario.giveUp.ms);
  sayWait(drill, 'waiting for somebody to notice', deadlineMs);
  const begunMs = drill.clock.nowMs();
  const waitedMs = (): number => Math.round(drill.clock.nowMs() - begunMs);
  const hadRight = drill.clientWatch.rightFromNow();
  const { impact, load } = plan.scenario;
  const isPromised = impact === 'none' || Object.values(load).some((one) => one.impact === 'none');
  const byProbe = pollUntil(drill.clock, { everyMs: probeEveryMs, deadlineMs, signal }, async () => {
    if (!isPromised && waitedMs() >= unnoticed.ms && hadRight(unnoticed.operations)) return 'nobody';
    const ready = await Promise.all(targets.map((target) => attachedTo(drill, target).ready()));
    const away = targets.filter((_, index) => !ready[index]);
    for (const target of away) seenAway.add(target);
    if (away.length === 0) return null;
    return { by: 'probe' as const, detail: `${away[0]} does not answer as ready`, atMs: timeline.now() };
  });
  const byClient = failure.then(({ load, what, atMs }) => ({
    by: 'client' as const,
    detail: `an operation of ${load} ${words[what]}`,
    atMs: atMs - drill.originMs,
  }));
  try {
    const seen = await Promise.race([byProbe, byClient]);
    // Stamped when it was seen: the witness may have taken longer.
    if (!seen || seen === 'nobody') return void timeline.emit('undetected', { waitedMs: waitedMs() });
    timeline.emit('detected', { by: seen.by, detail: seen.detail }, seen.atMs);
    if (seen.by === 'probe' && plan.scenario.recover !== 'automatic')
      await Promise.race([byClient, clientsAsk(drill, signal)]);
  } finally {
    stop.abort(new Error('detected'));
    byProbe.catch(() => undefined);
  }
}

/** Resolves when each load has had right answers since, or might have had them. */
async function clientsAsk(
  { plan, clock, progress, clientWatch }: Pick<Drill, 'plan' | 'clock' | 'progress' | 'clientWatch'>,
  signal: AbortSignal,
): Promise<void> {
  const rates = Object.values(plan.scenario.load).map(({ rate }) => rate.perSecond);
  if (rates.length === 0) return;
  const { operations, least, everyMs, mostMs } = asked;
  const deadlineMs = askingMs(rates);
  sayWait({ progress }, 'waiting for clients to ask', deadlineMs);
  const begunMs = clock.nowMs();
  const hadRight = clientWatch.rightFromNow();
  await pollUntil(clock, { everyMs, deadlineMs, signal }, async () => {
    const isLong = clock.nowMs() - begunMs >= mostMs;
    return hadRight(isLong ? least : operations) || null;
  });
}
