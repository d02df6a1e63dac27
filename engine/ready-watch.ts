import type { Clock } from '../core/clock.ts';
import { stepsOf, type Step } from '../core/steps/index.ts';
import { componentsHit } from '../core/targets.ts';
import { mayActOn } from './acts-on.ts';
import { attachedTo, type Drill } from './drill-context.ts';

/** How soon a component is asked again: one that is awaited, while steps are at work, and that is ready. */
const again = { awaitedMs: 20, workingMs: 100, readyMs: 250 };

/** Asks components side by side whether they are ready, and says on the timeline when each of them is. */
export interface ReadyWatch {
  /**
   * These steps are at work or still to come: what they may act on is left alone, and what it said before is
   * no recovery.
   */
  ahead(steps: readonly Step[]): void;
  /** Nobody acts any more. */
  over(): void;
  /** Whether each of them has been asked since then. Throws where one could not be asked. */
  looked(): boolean;
  /** Whether each of them is ready as far as it was asked. Throws as `looked`. */
  allReady(): boolean;
  stop(): void;
}

interface Watched {
  name: string;
  /** A step that is at work or still to come may act on it. */
  leftAlone: boolean;
  /** It was asked since nobody acts any more. */
  looked: boolean;
  /** What it says may be a recovery: it was seen not ready, or a step has acted on it. */
  wasAway: boolean;
  /** The timeline says that it is ready. */
  told: boolean;
  /** It was not, when it was last asked: said once, a busy machine may have cut off its answer. */
  missed: boolean;
  times: number;
  /** Faults that had struck it then. */
  struck: number;
}

type Watching = Pick<Drill, 'plan' | 'timeline' | 'clock' | 'signal' | 'attached' | 'inflicted'>;

/**
 * From now on until it is stopped. One that is seen not ready later on, twice in a row, is said to be ready
 * once more, when it is. While steps are at work, who was never away since the fault may not have felt it
 * yet: `away` are those that had been seen so before.
 */
export function watchReady(
  drill: Watching,
  names: readonly string[],
  away: ReadonlySet<string> = new Set(),
): ReadyWatch {
  const stopped = new AbortController();
  const signal = AbortSignal.any([stopped.signal, drill.signal]);
  const watched = names.map((name): Watched => {
    const none = { leftAlone: false, looked: false, told: false, missed: false, times: 0, struck: 0 };
    return { ...none, name, wasAway: away.has(name) };
  });
  let isOver = false;
  let trouble: { error: unknown } | null = null;
  let turn = new AbortController();
  const ahead = (steps: readonly Step[]): void => {
    for (const one of watched) {
      const before = one.leftAlone;
      one.leftAlone = steps.some((step) => mayActOn(drill.plan, step, one.name));
      one.wasAway ||= before && !one.leftAlone;
      one.told &&= !one.leftAlone;
    }
    // What was asked before says nothing any more, and who waits to ask need not.
    turn.abort();
    turn = new AbortController();
  };
  const ask = async (one: Watched): Promise<void> => {
    const { signal: thisTurn } = turn;
    const ready = await attachedTo(drill, one.name).ready();
    if (thisTurn.aborted || signal.aborted) return;
    one.looked = isOver;
    tell(drill, one, ready, isOver);
  };
  const pause = (one: Watched): number =>
    one.told ? again.readyMs : isOver ? again.awaitedMs : again.workingMs;
  const watch = async (one: Watched): Promise<void> => {
    while (!signal.aborted) {
      if (!one.leftAlone) await ask(one);
      await sleepUnless(drill.clock, pause(one), AbortSignal.any([signal, turn.signal]));
    }
  };
  ahead(stepsOf(drill.plan.scenario));
  isOver = stepsOf(drill.plan.scenario).length === 0;
  for (const one of watched) watch(one).catch((error: unknown) => void (trouble ??= { error }));
  const every = (is: (one: Watched) => boolean): boolean => {
    if (trouble) throw trouble.error;
    return watched.every(is);
  };
  return {
    ahead,
    over: () => {
      if (isOver) return;
      isOver = true;
      ahead([]);
    },
    looked: () => every((one) => one.looked),
    allReady: () => every((one) => one.told),
    stop: () => stopped.abort(),
  };
}

function tell({ timeline, plan, inflicted }: Watching, one: Watched, ready: boolean, isOver: boolean): void {
  if (!ready) {
    one.wasAway = true;
    one.told &&= !one.missed;
    one.missed = true;
    return;
  }
  one.missed = false;
  const ofIt = plan.faults.filter((fault) => componentsHit(fault, plan.components).includes(one.name));
  const struck = ofIt.filter(({ id }) => inflicted.some((done) => done.id === id)).length;
  if (one.told && struck === one.struck) return;
  if (!isOver && (!one.wasAway || struck < ofIt.length)) return;
  Object.assign(one, { told: true, times: one.times + 1, struck });
  timeline.emit('ready', { component: one.name, ...(one.times > 1 ? { again: one.times } : {}) });
}

const sleepUnless = (clock: Clock, ms: number, signal: AbortSignal): Promise<void> =>
  clock.sleep(ms, signal).catch(() => undefined);
