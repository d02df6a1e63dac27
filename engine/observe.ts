import { pollUntil } from '../core/clock.ts';
import { seenRunning, type SeenRunning } from './asked.ts';
import { restoredComponents } from '../core/steps/index.ts';
import { attachedTo, type Control, type Drill, type Given, type Sandbox } from './drill-context.ts';
import type { ReadyWatch } from './ready-watch.ts';
import { brokenComponents } from './targets/index.ts';
import { sayWait } from './waiting.ts';

const readyEveryMs = 20;
const settledOperations = 20;
/**
 * The judge asks for 2 s from the first right answer to the last one that was recorded: a little more than
 * that has to be watched.
 */
const settleMarginMs = 150;

/** What clients see, or a probe in their place; `what` is waited for, in words. */
interface View {
  what: string;
  /** Whether all was well for long enough. */
  calm(): Promise<boolean>;
}

const isLoaded = ({ plan }: Pick<Given, 'plan'>): boolean => Object.keys(plan.scenario.load).length > 0;

/**
 * Components that are waited for until they are ready: what was broken, but for what another one serves for;
 * where there is no client, all that was broken or restored.
 */
export function awaitedBy(drill: Pick<Given, 'plan'>): string[] {
  const { scenario, components } = drill.plan;
  const broken = brokenComponents(drill);
  if (!isLoaded(drill)) return [...new Set([...broken, ...restoredComponents(scenario)])];
  const isAway = (name: string): boolean =>
    [name, components.get(name)?.service ?? name].some((one) => scenario.staysAway.includes(one));
  return broken.filter((name) => !isAway(name));
}

function clientsView({ plan, clientWatch }: Control & Given): View {
  clientWatch.forgiveWrong();
  return {
    what: 'waiting for clients to have right answers for long enough',
    calm: async () => clientWatch.settled(plan.scenario.settle.ms + settleMarginMs, settledOperations),
  };
}

/** Where there is no client, each component that was broken or restored is asked whether it is ready. */
function probesView(drill: Sandbox & Control & Given): View {
  const { clock, plan } = drill;
  const awaited = awaitedBy(drill);
  let sinceMs: number | null = null;
  return {
    what: `waiting for ${awaited.join(', ') || 'nothing'} to stay ready`,
    calm: async () => {
      const ready = await Promise.all(awaited.map((name) => attachedTo(drill, name).ready()));
      const all = ready.length > 0 && ready.every((one) => one);
      sinceMs = all ? (sinceMs ?? clock.nowMs()) : null;
      return sinceMs !== null && clock.nowMs() - sinceMs >= plan.scenario.settle.ms;
    },
  };
}

/**
 * Waits until what was broken says ready, and then until clients have had right answers for long enough, or
 * where there are none, until it has stayed ready. Gives up at the deadline; the judge says what that means.
 * Gives what ran when the components had become ready.
 */
export async function observe(drill: Drill, readiness: ReadyWatch): Promise<SeenRunning> {
  const { timeline, plan, clock, signal } = drill;
  const untilMs = clock.nowMs() + plan.scenario.giveUp.ms;
  const left = (): number => Math.max(0, untilMs - clock.nowMs());
  const { what, calm } = isLoaded(drill) ? clientsView(drill) : probesView(drill);
  const awaited = awaitedBy(drill);
  // Where steps were declared, something else may serve by now, and what was broken stays away: clients
  // decide.
  const clientsDecide = isLoaded(drill) && plan.scenario.recover !== 'automatic';
  readiness.over();
  if (awaited.length > 0) sayWait(drill, `waiting for ${awaited.join(', ')} to be ready`, left());
  const isThere = async (): Promise<boolean> =>
    readiness.allReady() || (clientsDecide && readiness.looked() && (await calm()));
  await pollUntil(clock, { everyMs: readyEveryMs, deadlineMs: left(), signal }, isThere);
  const looking = seenRunning(drill);
  sayWait(drill, what, left());
  const settled = await pollUntil(clock, { everyMs: 50, deadlineMs: left(), signal }, calm);
  const calmSince = settled === true ? drill.clientWatch.calmSince() : null;
  timeline.emit('observation.ended', {
    settled: settled === true,
    ...(calmSince === null ? {} : { calmSinceMs: calmSince - drill.originMs }),
  });
  return looking;
}
